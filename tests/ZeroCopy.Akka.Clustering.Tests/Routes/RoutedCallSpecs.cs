using Akka.Actor;
using Akka.Event;
using Akka.TestKit.Xunit2;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Clustering.Routes;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;

namespace ZeroCopy.Clustering.Tests.Routes;

/// <summary>Calls of a node that holds a model, while others that hold it, or answer for it, are not reached.</summary>
public sealed class RoutedCallSpecs : TestKit
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private static readonly Address Self = Address.Parse("akka.tcp://zerocopy@self:1");
    private static readonly Address Lost = Address.Parse("akka.tcp://zerocopy@lost:1");

    public RoutedCallSpecs()
        : base("akka { loglevel = OFF, actor.provider = remote, remote.dot-netty.tcp { hostname = 127.0.0.1, port = 0 } }")
    {
    }

    [Fact]
    public async Task Calls_without_a_version_should_not_wait_for_a_share_that_is_not_reached()
    {
        using var clients = new NodeClients(Sys);
        var endpoint = await EndpointAsync(
            clients, new ModelRoute("model", 1, 2, 99, [Held(Self, 1, actors: 1), Held(Lost, 2, actors: 1)], null));

        foreach (var _ in Enumerable.Range(0, 20))
        {
            Assert.Equal(1, (await endpoint.CallAsync("", []).WaitAsync(Patience)).Version);
        }
    }

    [Fact]
    public async Task A_call_should_go_to_a_holder_that_is_reached_where_those_who_answer_for_it_do_not_reach_it()
    {
        using var clients = new NodeClients(Sys);
        var endpoint = await EndpointAsync(clients, new ModelRoute("model", 1, null, 0, [Held(Self, 1, actors: 0)], null));

        var answer = endpoint.CallAsync("", []);
        var place = await FishForMessageAsync<EntityRequest.Place>(_ => true, Patience);
        LastSender.Tell(new EntityReply.Failed(InferenceFailure.Unreachable, $"{Self}: unreachable", place.Id), TestActor);

        Assert.Equal(1, (await answer.WaitAsync(Patience)).Version);
    }

    private static Replica Held(Address node, int version, int actors) => new(node, version, EndpointState.Ready, actors, 0);

    /// <summary>The model by a route; the test's actor answers for it.</summary>
    private async Task<ClusterEndpoint> EndpointAsync(NodeClients clients, ModelRoute route)
    {
        var table = new RouteTable((props, name) => Sys.ActorOf(props, name), NoLogger.Instance);
        table.Start(TestActor);
        var coming = table.GetAsync("model", CancellationToken.None).AsTask();
        await ExpectMsgAsync<EntityRequest.Follow>(Patience);
        LastSender.Tell(route, TestActor);
        return new ClusterEndpoint(await coming.WaitAsync(Patience), null, new RouteContext
        {
            Self = Self,
            Own = new OwnEndpoint(1),
            IsServing = true,
            Table = table,
            Clients = clients,
            Choice = new ReplicaChoice(Self, clients.Outstanding, node => node == Lost),
        });
    }
}
