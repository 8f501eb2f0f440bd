using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using Akka.Event;
using ZeroCopy.Actors;
using ZeroCopy.Clustering.Catalog;
using ZeroCopy.Clustering.Models;
using ZeroCopy.Clustering.Nodes;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Clustering.Routes;
using ZeroCopy.Clustering.Transfer;
using ZeroCopy.Endpoints;

namespace ZeroCopy.Clustering;

/// <summary>
/// ZeroCopy.Akka in a cluster: an actor system with <c>akka.actor.provider = cluster</c> is a node of it, whose models every other node can
/// call, and which can call those of the others. Thread-safe.
/// </summary>
public sealed class ZeroCopyCluster : IExtension
{
    private static readonly TimeSpan FindTime = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FindPause = TimeSpan.FromMilliseconds(50);

    /// <summary>The role of nodes that hold stores and pools.</summary>
    public const string InferenceRole = Actors.Settings.ClusterSettings.InferenceRole;

    private readonly ExtendedActorSystem _system;
    private readonly NodeContext _node;
    private readonly NodeTable _table = new();
    private readonly IActorRef _actor;
    private readonly RouteTable _routes;
    private readonly HttpClient _http;
    private readonly TaskCompletionSource _found = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _leaving;

    internal ZeroCopyCluster(ExtendedActorSystem system, NodeOptions options)
    {
        _system = system;
        // What is brought last lies above what was brought before, and sharding brings its own defaults when it is first asked for.
        _ = ClusterSharding.Get(system);
        system.Settings.InjectTopLevelFallback(ClusterHocon.Reference);
        var actors = ZeroCopySystem.For(system);
        var cluster = Cluster.Get(system);
        var store = actors.OpenStore();
        _http = options.CreateClient();
        var log = Logging.GetLogger(system, typeof(ModelTransfer));
        var transfer = new ModelTransfer(store, _http, TransferOptions.Of(actors.Settings.Cluster.Transfer) with
        {
            Address = options.Transfer,
            Dropped = (node, reason) => log.Warning("Transfer: {0} {1}; it is asked no more for this model", node, reason),
        });
        var shared = actors.Shared;
        _routes = new RouteTable(actors.Start, Logging.GetLogger(system, typeof(RouteTable)));
        var survey = new ClusterSurvey(system, _table, _routes);
        var rates = new NodeRates();
        var orders = new NodeOrders(store, transfer, shared, new Eviction(system, store, survey), rates, actors.Withdrawals);
        var info = new NodeInfo(
            cluster.SelfAddress, store.Id, options.Transfer, options.Http, options.Grpc, [.. actors.Opener?.ModelTypes ?? []]);
        var room = new FreeRoom(store);
        var clients = new NodeClients(system);
        _node = new NodeContext
        {
            Address = cluster.SelfAddress,
            IsServing = cluster.SelfRoles.Contains(InferenceRole),
            Store = store,
            Endpoints = shared,
            Models = new LocalModels(cluster.SelfAddress, shared, store, actors.Withdrawals),
            Table = _table,
            Orders = orders,
            Survey = survey,
            Rollouts = new RolloutFiles(store.Options.Directory, Logging.GetLogger(system, typeof(RolloutFiles))),
            Doubt = clients.Doubt,
            Report = () =>
            {
                var (receive, load) = rates.BytesPerSecond;
                return new NodeReport(
                    info, new NodeLoad(actors.Pools.Sum(pool => pool.Pending), room.Bytes, _leaving, receive, load));
            },
        };
        var context = new RouteContext
        {
            Self = cluster.SelfAddress,
            Own = actors.OwnEndpoints,
            IsServing = _node.IsServing,
            Table = _routes,
            Clients = clients,
            Choice = new ReplicaChoice(
                cluster.SelfAddress,
                clients.Outstanding,
                node => clients.IsDown(node) || _table.Find(node) is { Load.IsLeaving: true } || _table.IsUnreachable(node)),
        };
        Endpoints = new ClusterDirectory(
            context, async token => (NodeReply.ClusterStatus)await survey.StatusAsync(0, token).ConfigureAwait(false));
        // First, as the node's actor lists what others may call from then on.
        actors.Join(Endpoints);
        _actor = actors.Start(NodeActor.Props(_node), NodePath.Name);
        // Regions that start before the cluster is formed wait longer for their coordinator.
        cluster.RegisterOnMemberUp(StartModels);
        system.RegisterOnTermination(_http.Dispose);
        system.RegisterOnTermination(ObservedMembers.Add(cluster).Dispose);
        var shutdown = CoordinatedShutdown.Get(system);
        shutdown.AddTask(
            CoordinatedShutdown.PhaseBeforeServiceUnbind,
            "zerocopy-hand-over",
            () => LeaveAsync(new Handover(system, cluster.SelfAddress, store, _table, survey), shutdown));
        shutdown.AddTask(CoordinatedShutdown.PhaseServiceStop, "zerocopy-models-end", () =>
        {
            // A region ends with its last message, and where no other node places names, nobody takes those that are sent now.
            if (!cluster.State.Members.Any(member => member.Address != cluster.SelfAddress && member.Status == MemberStatus.Up
                && member.HasRole(InferenceRole)))
            {
                _actor.Tell(NodeActor.ModelsEnd.Instance, ActorRefs.NoSender);
                _routes.Lose("This node leaves its cluster, and is the last one.");
            }

            return Task.FromResult(Akka.Done.Instance);
        });
    }

    /// <summary>Every model of the cluster that some node can build, and what else can be called from here.</summary>
    public IEndpointDirectory Endpoints { get; }

    /// <summary>
    /// Ends when the models of all nodes are found from here: the node is a member, and where it holds models itself, the node that
    /// places the names knows it.
    /// </summary>
    public Task Found => _found.Task;

    /// <summary>The node's actor, <c>/user/zerocopy/node</c>; see <see cref="NodeQuery"/> for what it answers.</summary>
    public IActorRef Node => _actor;

    /// <summary>What the nodes that hold models said of themselves last, this one among them, in no order.</summary>
    public IReadOnlyCollection<NodeReport> Nodes => [.. _table.Nodes];

    /// <summary>The cluster's extension in an actor system.</summary>
    /// <exception cref="InvalidOperationException">It was not started, see <see cref="Start"/>.</exception>
    public static ZeroCopyCluster For(ActorSystem system) => system.GetExtension<ZeroCopyCluster>()
        ?? throw new InvalidOperationException($"Actor system '{system.Name}' is not a node: start it with ZeroCopyCluster.Start.");

    /// <summary>Makes an actor system a node. It joins the cluster by its own settings, or is told to.</summary>
    /// <param name="system">The actor system; a host that serves its store is started in it before.</param>
    /// <param name="options">Where the node is reached.</param>
    public static ZeroCopyCluster Start(ActorSystem system, NodeOptions options)
    {
        ArgumentNullException.ThrowIfNull(system);
        ArgumentNullException.ThrowIfNull(options);
        return (ZeroCopyCluster)system.RegisterExtension(new Provider(options));
    }

    /// <summary>Gets no more models, and hands over those that would go with it.</summary>
    private async Task<Akka.Done> LeaveAsync(Handover handover, CoordinatedShutdown shutdown)
    {
        _leaving = true;
        _actor.Tell(NodeActor.Leaving.Instance, ActorRefs.NoSender);
        // A phase that is over time is left behind, and what runs in it goes on into the next ones.
        var phase = shutdown.Timeout(CoordinatedShutdown.PhaseBeforeServiceUnbind);
        using var late = new CancellationTokenSource(
            phase - TimeSpan.FromTicks(Math.Min(TimeSpan.FromMilliseconds(500).Ticks, phase.Ticks / 2)));
        try
        {
            // What comes from now on would be in no list.
            await _node.Orders.LeaveAsync().WaitAsync(late.Token).ConfigureAwait(false);
            var announced = new NodeActor.AnnounceNow();
            _actor.Tell(announced, ActorRefs.NoSender);
            await ((Task)announced.Told.Task.WaitAsync(late.Token)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await handover.RunAsync(late.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            _system.Log.Warning("Not every model was handed over within {0}, zerocopy.cluster.leave-timeout", phase);
        }
        catch (Exception e)
        {
            _system.Log.Error(e, "The models that no other node holds could not be handed over");
        }

        return Akka.Done.Instance;
    }

    private void StartModels()
    {
        if (_leaving || ProductVersion.Problem(Cluster.Get(_system)) is not null)
        {
            // It leaves again, and takes no model from those whose messages it may not understand.
            return;
        }

        var sharding = ClusterSharding.Get(_system);
        var settings = ClusterShardingSettings.Create(_system).WithRole(InferenceRole);
        var copies = ZeroCopySystem.For(_system).Settings.Cluster.Copies;
        var region = _node.IsServing
            ? sharding.Start(ModelShards.TypeName, name => ModelEntity.Props(name, _table, copies), settings, new ModelShards())
            : sharding.StartProxy(ModelShards.TypeName, InferenceRole, new ModelShards());
        _routes.Start(region);
        _actor.Tell(new NodeActor.ModelsStarted(region), ActorRefs.NoSender);
        _ = FindAsync(region);
    }

    private async Task FindAsync(IActorRef region)
    {
        // A region knows no other before it is registered. One that only asks may be there before any node that places names.
        while (_node.IsServing && !_system.WhenTerminated.IsCompleted)
        {
            try
            {
                var known = await region.Ask<CurrentRegions>(GetCurrentRegions.Instance, FindTime).ConfigureAwait(false);
                if (known.Regions.Count > 0)
                {
                    break;
                }

                await Task.Delay(FindPause).ConfigureAwait(false);
            }
            catch (AskTimeoutException)
            {
                // Its coordinator starts, or is lost; the region's log says so.
            }
        }

        _found.TrySetResult();
    }

    private sealed class Provider(NodeOptions options) : ExtensionIdProvider<ZeroCopyCluster>
    {
        public override ZeroCopyCluster CreateExtension(ExtendedActorSystem system) => new(system, options);
    }
}
