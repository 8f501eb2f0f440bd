using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using Akka.TestKit.Xunit2;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Clustering.Routes;
using ZeroCopy.Endpoints;
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
    public async Task ClusterDirectory_should_tell_which_nodes_have_loaded_what_it_lists()
    {
        var loaded = Model("one", 1) with { Replicas = [Node] };

        var listed = await ListAsync(loaded);

        var replica = Assert.Single(Assert.IsAssignableFrom<IReplicatedEndpoint>(Assert.Single(listed)).GetReplicas());
        Assert.Equal(new EndpointReplica(Node.ToString(), 1), replica);
    }

    [Fact]
    public async Task ClusterDirectory_should_leave_out_what_only_an_entity_knows_that_is_silent()
    {
        var listed = await ListAsync(Model("one", 1), Model("two", 2), Model("two", 3));

        Assert.Equal("one", Assert.Single(listed).Name);
    }

    private async Task<ImmutableArray<IModelEndpoint>> ListAsync(params ModelStatus[] models)
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
        var status = new NodeReply.ClusterStatus([], [.. models], 1);
        var directory = new ClusterDirectory(routes, _ => Task.FromResult(status));

        return await directory.ListAsync().AsTask().WaitAsync(Patience);
    }

    private static ModelStatus Model(string name, byte model) => new(name, 1, ModelId.Of([model]), true, 1, [Node], [], null);
}
