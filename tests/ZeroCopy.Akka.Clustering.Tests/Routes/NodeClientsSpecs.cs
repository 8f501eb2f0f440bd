using Akka.Actor;
using ZeroCopy.Clustering.Catalog;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Clustering.Routes;
using ZeroCopy.Clustering.Tests.Clients;
using ZeroCopy.Clustering.Tests.Nodes;
using ZeroCopy.Clustering.Wire;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;

namespace ZeroCopy.Clustering.Tests.Routes;

public sealed class NodeClientsSpecs : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly ActorSystem _system = ClientSystem.StartWithMessages();
    private readonly NodeClients _clients;

    public NodeClientsSpecs() => _clients = new NodeClients(_system);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _clients.Dispose();
        await _system.Terminate().WaitAsync(Patience);
    }

    [Fact]
    public async Task NodeClients_should_fail_an_order_whose_node_is_lost_before_it_is_carried_out()
    {
        using var mute = TestNode.CreateSystem();
        ClusterSerializer.Register((ExtendedActorSystem)mute);
        var ordered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        mute.ActorOf(Props.Create(() => new Silent(Props.Create(() => new Silent(null, ordered)), ordered)), "zerocopy");
        var opening = _clients.OpenAsync(
            Akka.Cluster.Cluster.Get(mute).SelfAddress, new ModelName("model", 1), ModelId.Of([1]), CancellationToken.None);
        await ordered.Task.WaitAsync(Patience);

        await mute.Terminate().WaitAsync(Patience);

        var failed = await Assert.ThrowsAsync<InferenceException>(() => opening.WaitAsync(Patience));
        Assert.Equal(InferenceFailure.Unreachable, failed.Failure);
    }

    [Fact]
    public async Task NodeClients_should_fail_an_order_to_nobody()
    {
        var opening = _clients.OpenAsync(
            Address.Parse("akka.tcp://zerocopy@127.0.0.1:1"), new ModelName("model", 1), ModelId.Of([1]), CancellationToken.None);

        var failed = await Assert.ThrowsAsync<InferenceException>(() => opening.WaitAsync(Patience));
        Assert.Equal(InferenceFailure.Unreachable, failed.Failure);
    }

    /// <summary>A node's actor, or the one above it, that says that it has got an order, and no more.</summary>
    private sealed class Silent : UntypedActor
    {
        private readonly TaskCompletionSource _ordered;

        public Silent(Props? node, TaskCompletionSource ordered)
        {
            _ordered = ordered;
            if (node is not null)
            {
                Context.ActorOf(node, NodePath.Name);
            }
        }

        protected override void OnReceive(object message)
        {
            if (message is NodeOrder.Open)
            {
                _ordered.TrySetResult();
            }
        }
    }
}
