using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using ZeroCopy.Clustering.Catalog;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Clustering.Routes;
using ZeroCopy.Clustering.Tests.Clients;
using ZeroCopy.Clustering.Tests.Nodes;
using ZeroCopy.Clustering.Wire;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Clustering.Tests.Routes;

public sealed class NodeClientsSpecs : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly TemporaryDirectory _directory = new();
    private readonly ActorSystem _system = ClientSystem.StartWithMessages();
    private readonly NodeClients _clients;

    public NodeClientsSpecs() => _clients = new NodeClients(_system);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _clients.Dispose();
        await _system.Terminate().WaitAsync(Patience);
        _directory.Dispose();
    }

    [Fact]
    public async Task NodeClients_should_fail_an_order_whose_node_is_lost_before_it_is_carried_out()
    {
        using var mute = TestNode.CreateSystem();
        ClusterSerializer.Register(mute);
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

    /// <summary>Nobody calls it meanwhile, as there are others.</summary>
    [Fact]
    public async Task NodeClients_should_see_by_themselves_that_a_node_is_back()
    {
        var node = await TestNode.StartAsync(_directory.File("store"));
        await _clients.EndpointAsync(node.Address, "model", null, CancellationToken.None).WaitAsync(Patience);

        await node.KillAsync();
        await UntilAsync(node, isDown: true);
        await using var again = await TestNode.StartAsync(_directory.File("store"), hocon: AtPortOf(node));
        await UntilAsync(again, isDown: false);

        Assert.Equal(node.Address, again.Address);
    }

    [Fact]
    public async Task NodeClients_should_keep_no_failure_that_its_caller_did_not_wait_for()
    {
        var node = await TestNode.StartAsync(_directory.File("store"));
        await node.KillAsync();
        using var givenUp = new CancellationTokenSource();
        var calling = _clients.EndpointAsync(node.Address, "model", null, givenUp.Token);
        await givenUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => calling.WaitAsync(Patience));
        await UntilAsync(node, isDown: true);

        await using var again = await TestNode.StartAsync(_directory.File("store"), hocon: AtPortOf(node));

        await UntilAsync(again, isDown: false);
        await _clients.EndpointAsync(node.Address, "model", null, CancellationToken.None).WaitAsync(Patience);
    }

    [Fact]
    public async Task NodeClients_should_connect_to_nobody_when_they_are_closed_meanwhile()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var node = new Address("akka.tcp", "zerocopy", "127.0.0.1", ((IPEndPoint)silent.LocalEndpoint).Port);
        var calling = _clients.EndpointAsync(node, "model", null, CancellationToken.None);

        _clients.Dispose();

        var failed = await Assert.ThrowsAsync<InferenceException>(() => calling.WaitAsync(Patience));
        Assert.Equal(InferenceFailure.ShuttingDown, failed.Failure);
    }

    private Task UntilAsync(TestNode node, bool isDown) => Eventually.TrueAsync(
        node.Cluster.Endpoints, () => Task.FromResult(_clients.IsDown(node.Address) == isDown), $"it is {(isDown ? "down" : "back")}");

    private static string AtPortOf(TestNode node) => $"akka.remote.dot-netty.tcp.port = {node.Address.Port}";

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
