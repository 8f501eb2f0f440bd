using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit.Xunit2;
using ZeroCopy.Actors.Wire;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Clustering.Wire;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Clustering.Tests.Wire;

public sealed class ClusterSerializerSpecs : TestKit
{
    private static readonly Address Node = Address.Parse("akka.tcp://zerocopy@10.0.0.7:4053");
    private static readonly ModelId Id = ModelId.Of([1, 2, 3]);
    private static readonly ModelName Name = ModelName.Parse("bert@3");
    private static readonly Uri Source = new("http://10.0.0.7:4054/");
    private static readonly Rollout Rollout = new(3, 25, 2, 99);
    private static readonly HeldVersion Held = new(3, Id, 420, "bert", true, EndpointState.Ready, 4, 5, "why");

    private static readonly NodeReport Report = new(
        new NodeInfo(Node, "store", Source, new Uri("http://10.0.0.7:8080/"), new Uri("http://10.0.0.7:8081/"), ["bert", "own"]),
        new NodeLoad(7, 1 << 20, true, 1.5, 2.5));

    private static readonly ModelReport Model = new(
        "bert",
        Node,
        [Held, Held with { Version = null, Model = null, ModelType = null }, Held with { ModelType = HeldVersion.NoModelType }],
        Rollout,
        2,
        HasMore: true);

    private static readonly IClusterMessage[] Samples =
    [
        Report,
        Model,
        new ModelRoute("bert", 3, 4, 10, [new Replica(Node, 3, EndpointState.Failed, 6, 1, Id, "why")], "none", 2, HasMore: true),
        new EntityRequest.Follow("bert"),
        new EntityRequest.Unfollow("bert"),
        new EntityRequest.Place("bert", 3, [Node], 1),
        new EntityRequest.RollOut("bert", 3, 50, 2),
        new EntityRequest.RollBack("bert", 3),
        new EntityReply.Placed(Node, 3, 4),
        new EntityReply.Decided(3, 50, 5),
        new EntityReply.Failed(InferenceFailure.LoadFailed, "no room", 6),
        new NodeOrder.Report("bert"),
        new NodeOrder.Open(Name, Id, [Source], true, 7),
        new NodeOrder.Close(Name),
        new NodeOrder.Keep("bert", Rollout),
        new NodeQuery.Holdings(8, AsContact: true),
        new NodeQuery.ClusterStatus(9),
        new NodeQuery.StoreStatus(20),
        new NodeQuery.Locate(Name, 10),
        new NodeQuery.Receive(Name, Id, [Source], "store", 11),
        new NodeQuery.Remove(Name, true, 12),
        new NodeReply.Holdings(Report, [Model], 13, HasMore: true),
        new NodeReply.ClusterStatus(
            [new MemberInfo(Node, "Up", ["inference"], Report)],
            [new ModelStatus("bert", 3, Id, true, 420, [Node], [Node], "other", 30)],
            14,
            HasMore: true),
        new NodeReply.StoreStatus(StoreSamples.Statistics(Id, Name), 21, HasMore: true),
        new NodeReply.Located(new ModelHandle(Id, 420, Name), [Source], ["store"], 15),
        new NodeReply.Opened(new ModelHandle(Id, 420, Name), 17, 16),
        new NodeReply.Removed([Name], 17, HasMore: true),
        new NodeReply.Opening(19),
        new NodeReply.Failed(InferenceFailure.ModelNotFound, "none", 18),
    ];

    private readonly ClusterSerializer _serializer;

    public ClusterSerializerSpecs() => _serializer = new ClusterSerializer((ExtendedActorSystem)Sys);

    [Fact]
    public async Task ClusterSerializer_should_stay_bound_when_an_extension_brings_its_settings()
    {
        using var system = ActorSystem.Create("client");
        ClusterSerializer.Register(system);

        system.Settings.InjectTopLevelFallback(ConfigurationFactory.ParseString("own.extension = on"));

        Assert.IsType<ClusterSerializer>(system.Serialization.FindSerializerForType(typeof(IClusterMessage)));
        await system.Terminate();
    }

    [Fact]
    public void Samples_should_cover_every_message()
    {
        var messages = typeof(IClusterMessage).Assembly.GetTypes()
            .Where(type => type.IsAssignableTo(typeof(IClusterMessage)) && !type.IsAbstract);
        Assert.Equal(messages.OrderBy(type => type.FullName), Samples.Select(sample => sample.GetType()).OrderBy(type => type.FullName));
    }

    [Fact]
    public void Samples_should_fill_every_field() => Assert.Empty(WireText.Unfilled(Samples));

    [Fact]
    public void ClusterSerializer_should_bring_every_message_back()
    {
        foreach (var sample in Samples)
        {
            var back = _serializer.FromBinary(_serializer.ToBinary(sample), _serializer.Manifest(sample));
            Assert.Equivalent(sample, back, strict: true);
            Assert.IsType(sample.GetType(), back);
        }
    }

    [Fact]
    public void ClusterSerializer_should_keep_its_manifests() => Assert.Equal(
        "n r t ef eu ep eo eb rp rd rf or oo oc ok qh qc qs ql qr qx ah ac as al ao ax ag af",
        string.Join(' ', Samples.Select(_serializer.Manifest)));

    [Fact]
    public void ClusterSerializer_should_keep_its_bytes()
    {
        var problems = KeptBytes.Problems(
            "tests/ZeroCopy.Akka.Clustering.Tests/Wire/messages.txt",
            Samples,
            message => (_serializer.Manifest(message), _serializer.ToBinary(message)),
            _serializer.FromBinary);
        Assert.True(problems.Length == 0, problems);
    }

    [Fact]
    public void ClusterSerializer_should_refuse_what_it_does_not_know()
    {
        Assert.Throws<WireException>(() => _serializer.FromBinary([], "zz"));
        Assert.Throws<WireException>(() => _serializer.Manifest("text"));
    }

    [Fact]
    public void ClusterSerializer_should_answer_broken_frames_with_a_message_or_a_typed_error_in_little_memory()
    {
        foreach (var sample in Samples)
        {
            BrokenFrames.Read(_serializer.ToBinary(sample), bytes =>
            {
                try
                {
                    Assert.IsAssignableFrom<IClusterMessage>(_serializer.FromBinary(bytes, _serializer.Manifest(sample)));
                }
                catch (WireException)
                {
                    // As it should be.
                }
            });
        }
    }
}
