using ZeroCopy.Actors.Protocol;
using ZeroCopy.Actors.Wire;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Tensors;

namespace ZeroCopy.Actors.Tests.Wire;

public sealed class WireSerializerSpecs : ZeroCopySpec
{
    private static readonly ModelId Id = ModelId.Of([1, 2, 3]);
    private static readonly ModelName Name = ModelName.Parse("bert@3");
    private static readonly NamedTensor Tensor = new("input", HostTensor.From<float>(DType.Float32, [1, 2, 3, 4, 5, 6], 2, 3));

    private static readonly IWireMessage[] Samples =
    [
        new ModelReference(new ModelHandle(Id, 420, Name)),
        new WrapperReference(2, new byte[] { 9, 8 }),
        new PredictRequest("pool", "forward", [Tensor], TimeSpan.FromMilliseconds(250), "key", 7),
        new PredictCancel(8),
        new PredictReply.Answered([Tensor], 9),
        new PredictReply.Failed(InferenceFailure.Overloaded, "full", 10),
        new StoreRequest.Pin(Id, true),
        new StoreRequest.SetName(Name, Id),
        new StoreRequest.Resolve(Name),
        new StoreRequest.RemoveName(Name),
        new StoreRequest.RemoveModel(Id),
        StoreRequest.List.Instance,
        StoreRequest.Stat.Instance,
        StoreReply.Done.Instance,
        new StoreReply.Found(new ModelHandle(Id, 7)),
        new StoreReply.Named(Name),
        new StoreReply.Listed([new ModelInfo(Id, [Name], 8, 9, true, 1, DateTimeOffset.UnixEpoch)]),
        new StoreReply.Counted(new StoreStatistics
        {
            Directory = "/dev/shm/zerocopy",
            Models = 1,
            Names = 2,
            Blocks = 3,
            Segments = 4,
            LogicalBytes = 5,
            LiveBytes = 6,
            DeadBytes = 7,
            TemporaryBytes = 8,
            UsedBytes = 9,
            CapacityBytes = 10,
            FreeBytes = 11,
            Mappings = 12,
            Leases = 13,
            WaitingPuts = 14,
        }),
        new StoreReply.Failed(StoreFailure.Full, "no room"),
    ];

    private WireSerializer Serializer => (WireSerializer)Sys.Serialization.FindSerializerForType(typeof(StoreRequest.Pin));

    [Fact]
    public void Samples_should_cover_every_wire_message()
    {
        var messages = typeof(IWireMessage).Assembly.GetTypes().Where(type => type.IsAssignableTo(typeof(IWireMessage)) && !type.IsAbstract);
        Assert.Equal(messages.OrderBy(type => type.FullName), Samples.Select(sample => sample.GetType()).OrderBy(type => type.FullName));
    }

    [Fact]
    public void WireSerializer_should_bring_every_message_back()
    {
        foreach (var sample in Samples)
        {
            var bytes = Serializer.ToBinary(sample);
            var back = Serializer.FromBinary(bytes, Serializer.Manifest(sample));
            Assert.IsType(sample.GetType(), back);
            Assert.Equal(bytes, Serializer.ToBinary(back));
            Assert.IsType<WireSerializer>(Sys.Serialization.FindSerializerFor(sample));
        }
    }

    [Fact]
    public void WireSerializer_should_keep_values()
    {
        var request = (PredictRequest)Back(Samples[2]);
        Assert.Equal(("pool", "forward", TimeSpan.FromMilliseconds(250), "key"), (request.Pool, request.Method, request.Deadline, request.HashKey));
        var tensor = Assert.Single(request.Inputs).Tensor;
        Assert.Equal(Tensor.Tensor.Layout, tensor.Layout);
        Assert.Equal([1f, 2, 3, 4, 5, 6], tensor.Values<float>());
        Assert.Equal(((StoreReply.Counted)Samples[17]).Statistics, ((StoreReply.Counted)Back(Samples[17])).Statistics);
        Assert.Equal(
            [7, 8, 9, 10],
            Samples[2..6].Select(Back).Select(message => message switch
            {
                PredictRequest m => m.Id,
                PredictCancel m => m.Id,
                PredictReply.Answered m => m.Id,
                PredictReply.Failed m => m.Id,
                _ => 0,
            }));
        Assert.Equal(((ModelReference)Samples[0]).Model, ((ModelReference)Back(Samples[0])).Model);
    }

    [Fact]
    public void WireSerializer_should_keep_deadlines_of_any_length()
    {
        foreach (var (deadline, back) in new (TimeSpan?, TimeSpan?)[]
        {
            (null, null),
            (Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan),
            (TimeSpan.MaxValue, Timeout.InfiniteTimeSpan),
            (TimeSpan.FromDays(60), TimeSpan.FromDays(60)),
            (TimeSpan.FromMilliseconds(0.1), TimeSpan.FromMilliseconds(1)),
            (TimeSpan.FromMilliseconds(1.5), TimeSpan.FromMilliseconds(2)),
        })
        {
            Assert.Equal(back, ((PredictRequest)Back(new PredictRequest("pool", "", [], deadline))).Deadline);
        }
    }

    [Fact]
    public void WireSerializer_should_keep_its_manifests() => Assert.Equal(
        "h w p pc pa pf sp sn sr sdn sdm sl ss rd rf rn rl rc rx", string.Join(' ', Samples.Select(Serializer.Manifest)));

    [Fact]
    public void WireSerializer_should_refuse_an_unknown_manifest() =>
        Assert.Throws<WireException>(() => Serializer.FromBinary([], "System.String"));

    [Fact]
    public void WireSerializer_should_refuse_a_message_that_is_not_ours() =>
        Assert.Throws<WireException>(() => Serializer.ToBinary("text"));

    [Theory]
    [InlineData("h", "0A0101")]
    [InlineData("sr", "1203612F62")]
    [InlineData("pf", "08E707")]
    [InlineData("pa", "0A0410091A0105")]
    [InlineData("pa", "0A0510FFFFFF07")]
    [InlineData("p", "20FFFFFFFFFFFFFFFFFF01")]
    [InlineData("rl", "0AFFFFFFFF0F")]
    public void WireSerializer_should_refuse_hostile_bytes(string manifest, string hex) =>
        Assert.Throws<WireException>(() => Serializer.FromBinary(Convert.FromHexString(hex), manifest));

    [Fact]
    public void WireSerializer_should_answer_mutated_bytes_with_a_message_or_a_typed_error()
    {
        var random = new Random(4711);
        foreach (var sample in Samples)
        {
            var bytes = Serializer.ToBinary(sample);
            for (var i = 0; i < 200 && bytes.Length > 0; i++)
            {
                var mutated = bytes.ToArray();
                mutated[random.Next(mutated.Length)] = (byte)random.Next(256);
                var thrown = Record.Exception(() => Serializer.FromBinary(mutated[..random.Next(1, mutated.Length + 1)], Serializer.Manifest(sample)));
                Assert.True(thrown is null or WireException, thrown?.ToString());
            }
        }
    }

    private object Back(object message) => Serializer.FromBinary(Serializer.ToBinary(message), Serializer.Manifest(message));
}
