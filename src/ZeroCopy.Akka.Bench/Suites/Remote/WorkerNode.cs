using System.Globalization;
using Akka.Actor;
using Akka.Event;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Bench.Workers;
using ZeroCopy.Clustering;
using ZeroCopy.Clustering.Transfer;
using ZeroCopy.Store;
using ZeroCopy.Torch.Catalog;
using ZeroCopy.Torch.Models;

namespace ZeroCopy.Bench.Suites.Remote;

/// <summary>The inside of a <see cref="NodeProcess"/>: a node of a cluster in a worker process.</summary>
internal sealed class WorkerNode
{
    private readonly ActorSystem _system;
    private TransferListener? _listener;
    private int _unreachable;

    private WorkerNode(string folder, string hocon)
    {
        Folder = folder;
        _system = ActorSystem.Create(NodeProcess.System, hocon);
        Host = ZeroCopyHost.Open(new ZeroCopyHostOptions
        {
            Store = new ObjectStoreOptions { Directory = Path.Combine(folder, "store") },
            Catalog = BuiltInModels.AddTo(new ModelCatalog()),
            ActorSystem = _system,
        });
    }

    /// <summary>FOLDER HOCON: opens the store in the folder.</summary>
    public static WorkerVerb Open { get; } = WorkerVerb.Of("node-open", (worker, arguments) =>
    {
        worker.Kept(() => new WorkerNode(arguments[0], arguments[1]));
        return "";
    });

    /// <summary>[SEED]: joins the cluster of that node, or is one alone; answers with its address.</summary>
    public static WorkerVerb Join { get; } = new("node-join", async (worker, arguments, cancellationToken) =>
        (await Of(worker).JoinAsync(arguments.SingleOrDefault(), cancellationToken).ConfigureAwait(false)).ToString());

    /// <summary>How often it has lost sight of another node.</summary>
    public static WorkerVerb Unreachable { get; } = WorkerVerb.Of(
        "node-unreachable", (worker, _) => string.Create(CultureInfo.InvariantCulture, $"{Volatile.Read(ref Of(worker)._unreachable)}"));

    /// <summary>Is a node no longer.</summary>
    public static WorkerVerb End { get; } = new("node-end", async (worker, _, _) =>
    {
        await Of(worker).EndAsync().ConfigureAwait(false);
        return "";
    });

    public static IReadOnlyList<WorkerVerb> Verbs { get; } = [Open, Join, Unreachable, End];

    /// <summary>Where its store is, and where it may leave files.</summary>
    public string Folder { get; }

    public ZeroCopyHost Host { get; }

    /// <summary>The node that a worker process is.</summary>
    public static WorkerNode Of(Worker worker) =>
        worker.Kept<WorkerNode>(() => throw new InvalidOperationException("There is no node."));

    private async Task<Address> JoinAsync(string? seed, CancellationToken cancellationToken)
    {
        _listener = await TransferListener.StartAsync(Host.Store, new ClusterSettings(), null, NoLogger.Instance, cancellationToken)
            .ConfigureAwait(false);
        ZeroCopyCluster.Start(_system, new NodeOptions { Transfer = _listener.Address });
        var cluster = Akka.Cluster.Cluster.Get(_system);
        await cluster.JoinAsync(seed is null ? cluster.SelfAddress : Address.Parse(seed), cancellationToken).ConfigureAwait(false);
        cluster.Subscribe(
            _system.ActorOf(Props.Create(() => new UnreachableCount(() => Interlocked.Increment(ref _unreachable)))),
            typeof(Akka.Cluster.ClusterEvent.UnreachableMember));
        return cluster.SelfAddress;
    }

    private async Task EndAsync()
    {
        await Host.DisposeAsync().ConfigureAwait(false);
        await _system.Terminate().ConfigureAwait(false);
        if (_listener is not null)
        {
            await _listener.DisposeAsync().ConfigureAwait(false);
        }
    }

    private sealed class UnreachableCount : ReceiveActor
    {
        public UnreachableCount(Action count) => Receive<Akka.Cluster.ClusterEvent.UnreachableMember>(_ => count());
    }
}
