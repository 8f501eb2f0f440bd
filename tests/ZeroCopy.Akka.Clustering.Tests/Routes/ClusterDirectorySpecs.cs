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
    private static readonly Address Self = Address.Parse("akka.tcp://zerocopy@self:1");

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

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task ClusterDirectory_should_tell_which_nodes_have_loaded_what_its_own_has_not(int actors)
    {
        var handle = new ModelHandle(ModelId.Of([1]), 1);
        var own = new OwnEndpoint(1, handle) { ReadyActors = actors };
        using var clients = new NodeClients(Sys);
        var loaded = Model(own.Name, 1) with { Holders = [Node, Self], Replicas = [Node] };

        var listed = Assert.Single(await Directory(Table(), clients, Self, own, loaded).ListAsync().AsTask().WaitAsync(Patience));

        var replicas = (listed as IReplicatedEndpoint)?.GetReplicas() ?? [];
        Assert.Equal(actors == 0 ? [(Node.ToString(), 1), (Self.ToString(), 0)] : [], replicas.Select(at => (at.Node, at.ReadyActors)));
    }

    [Fact]
    public async Task ClusterDirectory_should_leave_out_what_only_an_entity_knows_that_is_silent()
    {
        var listed = await ListAsync(Model("one", 1), Model("two", 2), Model("two", 3));

        Assert.Equal("one", Assert.Single(listed).Name);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ClusterDirectory_should_have_what_its_node_is_about_to_announce_follow_the_cluster(bool entityAnswers)
    {
        var table = Table();
        using var clients = new NodeClients(Sys);
        var finding = Directory(table, clients, Self, new OwnEndpoint(1, new ModelHandle(ModelId.Of([1]), 1))).FindAsync("model").AsTask();
        await ExpectMsgAsync<EntityRequest.Follow>(Patience);
        var follower = LastSender;
        if (entityAnswers)
        {
            follower.Tell(new ModelRoute("model", null, null, 0, [], null), TestActor);
        }

        var endpoint = (await finding.WaitAsync(Patience))!;
        Assert.Equal((1, EndpointState.Ready), (endpoint.Version, endpoint.State));
        Assert.Equal(1, (await endpoint.CallAsync("", []).WaitAsync(Patience)).Version);

        var entry = table.Follow("model");
        var changed = entry.ChangeOf(entry.Route!);
        follower.Tell(
            new ModelRoute("model", 2, null, 0, [new(Self, 1, EndpointState.Ready, 1, 0), new(Node, 2, EndpointState.Ready, 1, 0)], null),
            TestActor);
        await changed.WaitAsync(Patience);
        Assert.Equal(2, endpoint.Version);
    }

    [Fact]
    public async Task ClusterDirectory_should_leave_a_pool_to_its_node_that_code_made_there()
    {
        var table = Table();
        using var clients = new NodeClients(Sys);
        var own = new OwnEndpoint(1);
        var finding = Directory(table, clients, Self, own).FindAsync("model").AsTask();
        await ExpectMsgAsync<EntityRequest.Follow>(Patience);
        LastSender.Tell(new ModelRoute("model", null, null, 0, [], null), TestActor);

        Assert.Same(own, await finding.WaitAsync(Patience));
    }

    private async Task<ImmutableArray<IModelEndpoint>> ListAsync(params ModelStatus[] models)
    {
        using var clients = new NodeClients(Sys);
        return await Directory(Table(), clients, null, null, models).ListAsync().AsTask().WaitAsync(Patience);
    }

    private RouteTable Table()
    {
        var table = new RouteTable((props, name) => Sys.ActorOf(props, name), NoLogger.Instance);
        table.Start(TestActor);
        return table;
    }

    private static ClusterDirectory Directory(
        RouteTable table, NodeClients clients, Address? self, IEndpointDirectory? own, params ModelStatus[] models)
    {
        var routes = new RouteContext
        {
            Self = self,
            Own = own,
            IsServing = true,
            Table = table,
            Clients = clients,
            Choice = new ReplicaChoice(self, clients.Outstanding, clients.IsDown),
        };
        return new ClusterDirectory(routes, _ => Task.FromResult(new NodeReply.ClusterStatus([], [.. models], 1)));
    }

    private static ModelStatus Model(string name, byte model) => new(name, 1, ModelId.Of([model]), true, 1, [Node], [], null);
}
