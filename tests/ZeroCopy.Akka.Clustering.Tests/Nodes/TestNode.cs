using Akka.Actor;
using Akka.Configuration;
using ZeroCopy.Clustering.Tests.Transfer;
using ZeroCopy.EndpointContract;
using ZeroCopy.Store;
using ZeroCopy.Torch.Catalog;

namespace ZeroCopy.Clustering.Tests.Nodes;

/// <summary>A node of a cluster on loopback, with a store of its own or one that it shares.</summary>
internal sealed class TestNode : IAsyncDisposable
{
    /// <summary>Calls that a pool takes, running and waiting.</summary>
    public const int QueueCapacity = 16;

    private readonly SourceNode _transfer;
    private readonly Lazy<Task> _end;

    private TestNode(ActorSystem system, ZeroCopyHost host, SourceNode transfer, ZeroCopyCluster cluster)
    {
        System = system;
        Host = host;
        _transfer = transfer;
        Cluster = cluster;
        _end = new Lazy<Task>(EndAsync);
    }

    public ActorSystem System { get; }

    public ZeroCopyHost Host { get; }

    public ZeroCopyCluster Cluster { get; }

    public Uri Transfer => _transfer.Address;

    public Address Address => Akka.Cluster.Cluster.Get(System).SelfAddress;

    /// <summary>Starts a node, which is a member when this returns.</summary>
    /// <param name="directory">Of its store.</param>
    /// <param name="seed">A node of the cluster; null for the first.</param>
    /// <param name="hocon">Settings over the defaults.</param>
    /// <param name="capacity">Bytes that its store takes; 0 for as many as there is room for.</param>
    /// <param name="clock">The store's time; null for the system's.</param>
    public static async Task<TestNode> StartAsync(
        string directory, TestNode? seed = null, string hocon = "", long capacity = 0, TimeProvider? clock = null)
    {
        var node = await StartAloneAsync(directory, hocon, capacity, clock);
        var cluster = Akka.Cluster.Cluster.Get(node.System);
        await cluster.JoinAsync(seed?.Address ?? cluster.SelfAddress, CancellationToken.None);
        return node;
    }

    /// <summary>Starts a node that is no member yet.</summary>
    /// <inheritdoc cref="StartAsync" path="/param"/>
    public static async Task<TestNode> StartAloneAsync(
        string directory, string hocon = "", long capacity = 0, TimeProvider? clock = null)
    {
        var system = CreateSystem(hocon);
        var host = ZeroCopyHost.Open(new ZeroCopyHostOptions
        {
            Store = new ObjectStoreOptions { Directory = directory, CapacityBytes = capacity, TimeProvider = clock ?? TimeProvider.System },
            Catalog = EndpointContractSpecs.AddTo(new ModelCatalog()),
            ActorSystem = system,
        });
        var transfer = await SourceNode.StartAsync(host.Store);
        return new TestNode(system, host, transfer, ZeroCopyCluster.Start(system, new NodeOptions { Transfer = transfer.Address }));
    }

    /// <summary>An actor system that can be a member, and answers nothing.</summary>
    public static ActorSystem CreateSystem(string hocon = "") =>
        ActorSystem.Create("zerocopy", ConfigurationFactory.ParseString($$"""
            akka {
              loglevel = OFF
              stdout-loglevel = OFF
              actor.provider = cluster
              remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
              cluster {
                roles = [inference]
                gossip-interval = 100ms
                leader-actions-interval = 100ms
                periodic-tasks-initial-delay = 50ms
                failure-detector.acceptable-heartbeat-pause = 10s
                sharding { retry-interval = 200ms, waiting-for-state-timeout = 1s }
              }
              coordinated-shutdown { run-by-clr-shutdown-hook = off, exit-clr = off, run-by-actor-system-terminate = off }
            }
            zerocopy.inference { refresh-interval = 50ms, pool-defaults { size = 2, queue-capacity = {{QueueCapacity}} } }
            {{hocon}}
            """));

    /// <summary>Leaves the cluster, and ends.</summary>
    public ValueTask DisposeAsync() => new(_end.Value);

    /// <summary>Ends at once, as a process does that is killed: the others are not told.</summary>
    public async Task KillAsync()
    {
        await System.Terminate();
        await _transfer.DisposeAsync();
    }

    private async Task EndAsync()
    {
        if (System.WhenTerminated.IsCompleted)
        {
            return;
        }

        await Host.DisposeAsync();
        await CoordinatedShutdown.Get(System).Run(CoordinatedShutdown.ClrExitReason.Instance);
        await System.WhenTerminated;
        await _transfer.DisposeAsync();
    }
}
