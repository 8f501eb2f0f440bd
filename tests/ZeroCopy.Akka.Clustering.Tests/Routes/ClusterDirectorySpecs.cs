using Akka.Actor;
using Akka.Event;
using Akka.TestKit.Xunit2;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Clustering.Routes;
using ZeroCopy.Manifests;

namespace ZeroCopy.Clustering.Tests.Routes;

/// <summary>The test's actor is the way to the entities, none of which says anything.</summary>
public sealed class ClusterDirectorySpecs : TestKit
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private static readonly Address Node = Address.Parse("akka.tcp://zerocopy@a:1");

    public ClusterDirectorySpecs()
        : base("akka { loglevel = OFF, actor.provider = remote, remote.dot-netty.tcp { hostname = 127.0.0.1, port = 0 } }")
    {
    }

    [Fact]
    public async Task ClusterDirectory_should_leave_out_what_only_an_entity_knows_that_is_silent()
    {
        var table = new RouteTable((props, name) => Sys.ActorOf(props, name), NoLogger.Instance);
        table.Start(TestActor);
        using var clients = new NodeClients(Sys);
        var routes = new RouteContext
        {
            Self = null,
            Own = null,
            Table = table,
            Clients = clients,
            Choice = new ReplicaChoice(null, clients.Outstanding, clients.IsDown),
        };
        var status = new NodeReply.ClusterStatus([], [Model("one", 1), Model("two", 2), Model("two", 3)], 1);
        var directory = new ClusterDirectory(routes, _ => Task.FromResult(status));

        var listed = await directory.ListAsync().AsTask().WaitAsync(Patience);

        Assert.Equal("one", Assert.Single(listed).Name);
    }

    private static ModelStatus Model(string name, byte model) => new(name, 1, ModelId.Of([model]), true, 1, [Node], [], null);
}
