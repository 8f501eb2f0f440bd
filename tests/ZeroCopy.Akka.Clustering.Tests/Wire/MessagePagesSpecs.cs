using Akka.Actor;
using Akka.TestKit.Xunit2;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Clustering.Wire;
using ZeroCopy.Endpoints;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Clustering.Tests.Wire;

public sealed class MessagePagesSpecs()
    : TestKit("akka { actor.provider = remote, remote.dot-netty.tcp { port = 0, hostname = 127.0.0.1, maximum-frame-size = 32000b } }")
{
    private static readonly Address Node = Address.Parse("akka.tcp://zerocopy@10.0.0.7:4053");
    private static readonly NodeReport Report = new(
        new NodeInfo(Node, "store", new Uri("http://10.0.0.7:4054/"), null, null, []), new NodeLoad(7, 1 << 20, false));

    [Fact]
    public void MessagePages_should_send_much_in_messages_that_frames_hold()
    {
        var models = Enumerable.Range(0, 2000).Select(index => new ModelReport(
            $"model-{index}", Node, [new HeldVersion(1, ModelId.Of([1]), 1, null, true, EndpointState.Ready, 0, 0, null)], null)).ToArray();

        var pages = Pages(new NodeReply.Holdings(Report, [.. models], 7)).Cast<NodeReply.Holdings>().ToArray();

        Assert.InRange(pages.Length, 4, 20);
        Assert.Equal(models.Select(model => model.Name), pages.SelectMany(page => page.Models).Select(model => model.Name));
        Assert.All(pages, page => Assert.Equal((7, Report), (page.Id, page.Node)));
        Assert.Equal([.. Enumerable.Repeat(true, pages.Length - 1), false], pages.Select(page => page.HasMore));
        var serializer = new ClusterSerializer((ExtendedActorSystem)Sys);
        Assert.All(pages, page => Assert.InRange(serializer.ToBinary(page).Length, 1, 30_000));
    }

    [Fact]
    public void MessagePages_should_tell_of_the_members_once()
    {
        var models = Enumerable.Range(0, 500)
            .Select(index => new ModelStatus($"model-{index}", 1, ModelId.Of([1]), true, 1, [Node], [Node], null));
        var members = new MemberInfo(Node, "Up", ["inference"], Report);

        var pages = Pages(new NodeReply.ClusterStatus([members], [.. models], 7)).Cast<NodeReply.ClusterStatus>().ToArray();

        Assert.True(pages.Length > 1);
        Assert.Equal([members], pages.SelectMany(page => page.Members));
        Assert.Equal(500, pages.Sum(page => page.Models.Length));
    }

    [Fact]
    public void MessagePages_should_send_many_members_in_messages_that_frames_hold()
    {
        var members = Enumerable.Range(0, 1000).Select(port => new MemberInfo(Node.WithPort(port), "Up", ["inference"], Report)).ToArray();
        var models = Enumerable.Range(0, 500)
            .Select(index => new ModelStatus($"model-{index}", 1, ModelId.Of([1]), true, 1, [Node], [Node], null)).ToArray();

        var pages = Pages(new NodeReply.ClusterStatus([.. members], [.. models], 7)).Cast<NodeReply.ClusterStatus>().ToArray();

        var serializer = new ClusterSerializer((ExtendedActorSystem)Sys);
        Assert.All(pages, page => Assert.InRange(serializer.ToBinary(page).Length, 1, 30_000));
        var whole = (NodeReply.ClusterStatus)pages.Aggregate((IPaged?)null, IPaged.Join)!;
        Assert.Equal(members, whole.Members);
        Assert.Equal(models, whole.Models);
    }

    [Fact]
    public void MessagePages_should_send_little_as_it_is()
    {
        IClusterMessage[] replies =
        [
            new NodeReply.Holdings(Report, [], 1), new NodeReply.ClusterStatus([], [], 2), new NodeReply.Removed([], 3),
            new ModelReport("model", Node, [], null), new ModelRoute("model", null, null, 0, [], null),
        ];

        Assert.All(replies, reply => Assert.Equivalent(reply, Assert.Single(Pages(reply)), strict: true));
    }

    [Fact]
    public void MessagePages_should_send_many_versions_of_a_name_in_messages_that_frames_hold()
    {
        var held = Enumerable.Range(1, 3000).Select(version => new HeldVersion(
            version, ModelId.Of([1]), 1, null, true, EndpointState.Ready, 0, 0, null)).ToArray();
        var replicas = held.Select(at => new Replica(Node, at.Version, at.State, 0, 0, at.Model)).ToArray();

        var reports = Pages(new ModelReport("model", Node, [.. held], new Rollout(3, 25, 2, 99))).Cast<ModelReport>().ToArray();
        var routes = Pages(new ModelRoute("model", 3000, null, 0, [.. replicas], null)).Cast<ModelRoute>().ToArray();

        Assert.Equal(held, reports.SelectMany(page => page.Versions));
        Assert.Equal(replicas, routes.SelectMany(page => page.Replicas));
        Assert.Equal([.. Enumerable.Repeat(true, reports.Length - 1), false], reports.Select(page => page.HasMore));
        Assert.Equal([.. Enumerable.Repeat(true, routes.Length - 1), false], routes.Select(page => page.HasMore));
        Assert.Equal(Enumerable.Range(0, routes.Length), routes.Select(page => page.Part));
        var serializer = new ClusterSerializer((ExtendedActorSystem)Sys);
        Assert.All(reports.Concat<IClusterMessage>(routes), page => Assert.InRange(serializer.ToBinary(page).Length, 1, 30_000));
    }

    [Fact]
    public void MessagePages_should_be_one_message_again()
    {
        var id = ModelId.Of([1]);
        var held = Enumerable.Range(1, 1000).Select(version => new HeldVersion(
            version, id, 1, null, true, EndpointState.Ready, 0, 0, null)).ToArray();
        var small = new ModelReport("small", Node, [held[0]], null);
        IPaged[] messages =
        [
            new ModelReport("model", Node, [.. held], new Rollout(3, 25, 2, 99)),
            new ModelRoute("model", 3, null, 0, [.. held.Select(at => new Replica(Node, at.Version, at.State, 0, 0, id))], null),
            new NodeReply.Holdings(Report, [small, small with { Name = "large", Versions = [.. held] }, small with { Name = "tiny" }], 1),
            new NodeReply.ClusterStatus(
                [new MemberInfo(Node, "Up", ["inference"], Report)],
                [.. held.Select(at => new ModelStatus("model", at.Version, id, true, 1, [Node], [Node], null))],
                2),
            new NodeReply.StoreStatus(
                StoreSamples.Statistics(id, new ModelName("model", 1)) with
                {
                    Holders = [.. held.Select(at => new LeaseInfo(id, "process", at.Version!.Value, 1))],
                },
                3),
            new NodeReply.Removed([.. Enumerable.Range(1, 3000).Select(version => new ModelName("model", version))], 4),
        ];

        Assert.All(messages, message =>
        {
            var pages = Pages(message).Cast<IPaged>().ToArray();
            Assert.True(pages.Length > 1);
            Assert.Equal(WireText.Of(message), WireText.Of(Joined(pages)));
        });
        Assert.All(messages[..2], message => Assert.Null(Joined(Pages(message).Cast<IPaged>().Skip(1))));

        static IPaged? Joined(IEnumerable<IPaged> pages) => pages.Aggregate((IPaged?)null, IPaged.Join);
    }

    private IClusterMessage[] Pages(IClusterMessage message) => [.. new MessagePages(Sys).Of(message)];
}
