using Akka.Actor;
using Akka.Configuration;
using ZeroCopy.Actors.Protocol;
using ZeroCopy.Actors.Wire;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Tensors;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Actors.Tests.Wire;

public sealed class WireSerializerSpecs : ZeroCopySpec
{
    private static readonly ModelId Id = ModelId.Of([1, 2, 3]);
    private static readonly ModelName Name = ModelName.Parse("bert@3");
    private static readonly NamedTensor Tensor = new("input", HostTensor.From<float>(DType.Float32, [1, 2, 3, 4, 5, 6], 2, 3));

    private static readonly ModelSignature Signature = new(
        [
            new MethodSignature(
                "forward",
                [new ValueSignature("ids", DType: DType.Int64, Shape: [-1, 128])],
                [new ValueSignature("output")],
                IsBatchable: true),
            new MethodSignature(
                "describe", [new ValueSignature("text", "str", IsOptional: true), new ValueSignature("scalar", Shape: [])], []),
        ],
        "describe");

    private IWireMessage[] Samples =>
    [
        new PredictRequest(
            "pool", "forward", [Tensor], TimeSpan.FromMilliseconds(250), "key", 7, 3,
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", Direct: true, TakesParts: true),
        new PredictCancel(8),
        new PredictReply.Answered([Tensor, NamedTensor.OfText("text", "ä b"), NamedTensor.OfNone("mask")], 9)
        {
            Times = new CallTimes(TimeSpan.FromMilliseconds(2), TimeSpan.FromMilliseconds(3)) { Joined = 4 },
            Version = 5,
        },
        new PredictReply.Failed(InferenceFailure.InvalidInput, "sizes", 10) { CausedByInput = true, NeverRan = true },
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
        new StoreReply.Listed([new ModelInfo(Id, [Name], 8, 9, true, 1, DateTimeOffset.UnixEpoch)
        {
            Holders = [new LeaseInfo(Id, "process 12", 12, 1)],
        }]),
        new StoreReply.Counted(StoreSamples.Statistics(Id, Name)),
        new StoreReply.Failed(StoreFailure.Full, "no room"),
        new StoreRequest.Acquire(Id, Holder),
        new StoreRequest.AcquireNamed(Name, Holder),
        new StoreRequest.Release(15),
        new StoreReply.Leased(16, new ModelHandle(Id, 17, Name)),
        new EndpointRequest.List(11, TakesParts: true),
        new EndpointRequest.Describe("bert", 3, 12, Direct: true, TakesParts: true),
        new EndpointReply.Listed(
            [
                new EndpointInfo("bert", 3, EndpointState.Failed, "no weights"),
                new EndpointInfo("mlp", null, EndpointState.Ready, null),
            ],
            13),
        new EndpointReply.Described(new EndpointInfo("bert", 3, EndpointState.Ready, null), Signature, 14),
        new MessagePart(15, 3, 9, "p", new byte[] { 1, 2, 3 }, WantsReceipt: true),
        new PartReceived(16, 3),
    ];

    // Its path is the same in every run.
    private IActorRef Holder => ((ExtendedActorSystem)Sys).Provider.ResolveActorRef("akka://test/user/holder#1");

    private WireSerializer Serializer => (WireSerializer)Sys.Serialization.FindSerializerForType(typeof(StoreRequest.Pin));

    [Fact]
    public async Task WireSerializer_should_stay_bound_when_an_extension_brings_its_settings()
    {
        using var system = ActorSystem.Create("client");
        WireSerializer.Register(system);

        system.Settings.InjectTopLevelFallback(ConfigurationFactory.ParseString("own.extension = on"));

        Assert.IsType<WireSerializer>(system.Serialization.FindSerializerForType(typeof(IWireMessage)));
        await system.Terminate();
    }

    [Fact]
    public void Samples_should_cover_every_wire_message()
    {
        var messages = typeof(IWireMessage).Assembly.GetTypes()
            .Where(type => type.IsAssignableTo(typeof(IWireMessage)) && !type.IsAbstract);
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
            Assert.Equal(WireText.Of(sample), WireText.Of(back));
            Assert.IsType<WireSerializer>(Sys.Serialization.FindSerializerFor(sample));
        }
    }

    [Fact]
    public void Samples_should_fill_every_field_that_leaves_the_process() => Assert.Equal(
        [$"{typeof(StoreReply.Leased)}.{nameof(StoreReply.Leased.Lease)}"],
        WireText.Unfilled(Samples));

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    public void WireSerializer_should_send_the_beginning_of_a_reason_that_no_frame_holds(string before)
    {
        var reason = before + string.Concat(Enumerable.Repeat("😀", 1_000_000));

        var back = (PredictReply.Failed)Back(new PredictReply.Failed(InferenceFailure.ModelError, reason, 1));

        Assert.InRange(back.Message.Length, 7_000, 9_000);
        Assert.StartsWith(back.Message.Split('…')[0], reason, StringComparison.Ordinal);
        Assert.EndsWith($"({reason.Length} characters)", back.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WireSerializer_should_keep_values()
    {
        var request = (PredictRequest)Back(Samples[0]);
        Assert.Equal(
            ("pool", "forward", TimeSpan.FromMilliseconds(250), "key"), (request.Pool, request.Method, request.Deadline, request.HashKey));
        var tensor = Assert.Single(request.Inputs).Tensor;
        Assert.Equal(Tensor.Tensor.Layout, tensor.Layout);
        Assert.Equal([1f, 2, 3, 4, 5, 6], tensor.Values<float>());
        var (sent, got) = (((StoreReply.Counted)Samples[15]).Statistics, ((StoreReply.Counted)Back(Samples[15])).Statistics);
        Assert.Equal(sent with { Holders = [] }, got with { Holders = [] });
        Assert.Equal(sent.Holders.AsEnumerable(), got.Holders);
        var listed = Assert.Single(((StoreReply.Listed)Back(Samples[14])).Models);
        Assert.Equal([new LeaseInfo(Id, "process 12", 12, 1)], listed.Holders.AsEnumerable());
        Assert.Equal(new StoreRequest.Acquire(Id, TestActor), Back(new StoreRequest.Acquire(Id, TestActor)));
        Assert.Equal(new StoreRequest.AcquireNamed(Name, TestActor), Back(new StoreRequest.AcquireNamed(Name, TestActor)));
        Assert.Equal(new StoreReply.Leased(16, new ModelHandle(Id, 17, Name)), Back(Samples[20]));
        Assert.Equal(
            [7, 8, 9, 10],
            Samples[0..4].Select(Back).Select(message => message switch
            {
                PredictRequest m => m.Id,
                PredictCancel m => m.Id,
                PredictReply.Answered m => m.Id,
                PredictReply.Failed m => m.Id,
                _ => 0,
            }));
    }

    [Fact]
    public void WireSerializer_should_keep_endpoints_and_their_signatures()
    {
        var listed = (EndpointReply.Listed)Samples.Single(sample => sample is EndpointReply.Listed);
        Assert.Equal(listed.Endpoints.ToArray(), ((EndpointReply.Listed)Back(listed)).Endpoints.ToArray());
        var described = (EndpointReply.Described)Back(Samples.Single(sample => sample is EndpointReply.Described));
        Assert.Equal("describe", described.Signature.Default);
        Assert.Equal(
            Signature.Methods.Select(method => method.ToString()), described.Signature.Methods.Select(method => method.ToString()));
        Assert.Equal([true, false], described.Signature.Methods.Select(method => method.IsBatchable));
        Assert.Equal(Facts(Signature), Facts(described.Signature));
        Assert.Equal([-1L, 128], described.Signature.Methods[0].Inputs[0].Shape.ToArray());

        static IEnumerable<(DType?, bool, bool)> Facts(ModelSignature signature) =>
            from method in signature.Methods
            from input in method.Inputs
            select (input.DType, input.Shape.IsDefault, input.IsOptional);
    }

    [Fact]
    public void WireSerializer_should_keep_versions_texts_and_nothing()
    {
        var request = (PredictRequest)Back(
            new PredictRequest("bert", "", [NamedTensor.OfText("text", "ä b"), NamedTensor.OfNone("mask")], Version: 7));

        Assert.Equal(7, request.Version);
        Assert.Equal("ä b", request.Inputs[0].ToText());
        Assert.Equal(("mask", true, false), (request.Inputs[1].Name, request.Inputs[1].IsNone, request.Inputs[0].IsNone));
        Assert.Null(((PredictRequest)Back(new PredictRequest("bert", "", []))).Version);
    }

    [Fact]
    public void WireSerializer_should_keep_parts()
    {
        var sent = (MessagePart)Samples.Single(sample => sample is MessagePart);
        var part = (MessagePart)Back(sent);
        Assert.Equal([1, 2, 3], part.Data.ToArray());
        Assert.Equal(sent, part with { Data = sent.Data });
        Assert.Equal(new PartReceived(16, 3), Back(new PartReceived(16, 3)));
        Assert.True(((PredictRequest)Back(new PredictRequest("bert", "", [], TakesParts: true))).TakesParts);
        Assert.True(((EndpointRequest.List)Back(new EndpointRequest.List(TakesParts: true))).TakesParts);
        Assert.True(((EndpointRequest.Describe)Back(new EndpointRequest.Describe("bert", TakesParts: true))).TakesParts);
    }

    [Fact]
    public void WireSerializer_should_keep_its_bytes()
    {
        var problems = KeptBytes.Problems(
            "tests/ZeroCopy.Akka.Actors.Tests/Wire/messages.txt",
            Samples,
            message => (Serializer.Manifest(message), Serializer.ToBinary(message)),
            Serializer.FromBinary);
        Assert.True(problems.Length == 0, problems);
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
        "p pc pa pf sp sn sr sdn sdm sl ss rd rf rn rl rc rx sa san sx ra el ed ell edd mp mr",
        string.Join(' ', Samples.Select(Serializer.Manifest)));

    [Fact]
    public void WireSerializer_should_refuse_an_unknown_manifest() =>
        Assert.Throws<WireException>(() => Serializer.FromBinary([], "System.String"));

    [Fact]
    public void WireSerializer_should_refuse_a_message_that_is_not_ours() =>
        Assert.Throws<WireException>(() => Serializer.ToBinary("text"));

    [Theory]
    [InlineData("rf", "0A0101")]
    [InlineData("sr", "1203612F62")]
    [InlineData("pf", "08E707")]
    [InlineData("pa", "0A0410091A0105")]
    [InlineData("pa", "0A0510FFFFFF07")]
    [InlineData("p", "20FFFFFFFFFFFFFFFFFF01")]
    [InlineData("rl", "0AFFFFFFFF0F")]
    [InlineData("san", "1204626572741A046E6F6F6E")]
    [InlineData("ell", "0A0218E707")]
    [InlineData("edd", "")]
    [InlineData("mp", "0801")]
    [InlineData("mp", "18022A03010203")]
    [InlineData("mp", "10FFFFFFFFFFFFFFFFFF0118032A03010203")]
    [InlineData("mp", "18FFFFFFFFFFFFFFFFFF012A0101")]
    public void WireSerializer_should_refuse_hostile_bytes(string manifest, string hex) =>
        Assert.Throws<WireException>(() => Serializer.FromBinary(Convert.FromHexString(hex), manifest));

    [Fact]
    public void WireSerializer_should_answer_broken_frames_with_a_message_or_a_typed_error_in_little_memory()
    {
        foreach (var sample in Samples)
        {
            BrokenFrames.Read(Serializer.ToBinary(sample), bytes =>
            {
                try
                {
                    Assert.IsAssignableFrom<IWireMessage>(Serializer.FromBinary(bytes, Serializer.Manifest(sample)));
                }
                catch (WireException)
                {
                    // As it should be.
                }
            });
        }
    }

    private object Back(object message) => Serializer.FromBinary(Serializer.ToBinary(message), Serializer.Manifest(message));
}
