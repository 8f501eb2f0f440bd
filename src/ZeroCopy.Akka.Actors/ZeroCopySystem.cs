using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Event;
using ZeroCopy.Actors.Batching;
using ZeroCopy.Actors.Calls;
using ZeroCopy.Actors.Inference;
using ZeroCopy.Actors.Remoting;
using ZeroCopy.Actors.Routing;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Actors.Stores;
using ZeroCopy.Actors.Tasks;
using ZeroCopy.Actors.Wire;
using ZeroCopy.Errors;
using ZeroCopy.Runtime;
using ZeroCopy.Store;

namespace ZeroCopy.Actors;

/// <summary>
/// ZeroCopy.Akka in an actor system: starts <c>/user/zerocopy</c>, makes pools, runs tasks, and drains both in the coordinated shutdown's
/// phase <c>service-requests-done</c>. Thread-safe.
/// </summary>
public sealed class ZeroCopySystem : IExtension
{
    private readonly ConcurrentDictionary<string, Lazy<Task<InferencePool>>> _pools = new(StringComparer.Ordinal);
    private readonly ILoggingAdapter _log;
    private readonly TimeProvider _clock;
    private readonly RootChildren _children;
    private readonly SystemStore _store;
    private readonly Task _ended;

    internal ZeroCopySystem(ExtendedActorSystem system)
    {
        system.Settings.InjectTopLevelFallback(ZeroCopySettings.Reference);
        Settings = ZeroCopySettings.From(system.Settings.Config);
        WireSerializer.Register(system);
        var setup = system.Settings.Setup.Get<ZeroCopySetup>().GetOrElse(new ZeroCopySetup());
        _clock = setup.TimeProvider;
        _log = Logging.GetLogger(system, this);
        _store = new SystemStore(setup.Store, Settings.ObjectStore with { TimeProvider = _clock });
        Func<ObjectStore> open = () => _store.Open();
        var children = new TaskCompletionSource<RootChildren>(TaskCreationOptions.RunContinuationsAsynchronously);
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        system.ActorOf(Props.Create(() => new RootActor(open, Find, children, ended)), "zerocopy");
        // Creating three actors takes microseconds; the wait ends early where one of them cannot be created, which would be a bug here.
        _children = children.Task.WaitAsync(TimeSpan.FromSeconds(30)).GetAwaiter().GetResult();
        Tasks = new TaskRunner(_children.Tasks, Settings.Tasks, _clock);
        _ended = EndAsync(ended.Task);
        var shutdown = CoordinatedShutdown.Get(system);
        shutdown.AddTask(CoordinatedShutdown.PhaseServiceRequestsDone, "zerocopy-drain", () => DrainAsync(shutdown));
        TerminationActor.Start(system, Close);
    }

    /// <summary>The settings, read once.</summary>
    public ZeroCopySettings Settings { get; }

    /// <summary>Task mode.</summary>
    public TaskRunner Tasks { get; }

    /// <summary>The store's actor, <c>/user/zerocopy/object-store</c>; see <see cref="Protocol.StoreRequest"/> for what it takes.</summary>
    public IActorRef ObjectStore => _children.ObjectStore;

    /// <summary>Every actor of the user has stopped, and the store is closed next.</summary>
    internal event Action? ActorsStopped;

    /// <summary>The pools that are made, in no order.</summary>
    public IReadOnlyList<InferencePool> Pools =>
        [.. _pools.Values.Where(pool => pool.IsValueCreated && pool.Value.IsCompletedSuccessfully).Select(pool => pool.Value.Result)];

    /// <summary>The extension of an actor system, started where it is not.</summary>
    /// <exception cref="InvalidSettingsException">Settings under <c>zerocopy</c> are wrong.</exception>
    public static ZeroCopySystem For(ActorSystem system) => ZeroCopySystemProvider.Instance.Apply(system);

    /// <summary>
    /// The store itself, the same one that <see cref="ObjectStore"/> uses. The first call opens it, and it is closed when every actor has
    /// stopped, before the actor system has terminated; one that <see cref="ZeroCopySetup"/> gave stays its owner's.
    /// </summary>
    /// <param name="options">Instead of the settings <c>zerocopy.object-store</c>; null for the store as it is.</param>
    /// <exception cref="StoreUnavailableException">The store's directory cannot be used, or the actor system has ended.</exception>
    /// <exception cref="InvalidOperationException">The store is open already with other options.</exception>
    public ObjectStore OpenStore(ObjectStoreOptions? options = null) => _store.Open(options);

    /// <summary>
    /// Makes a pool: <paramref name="name"/> chooses its settings in HOCON, <paramref name="configure"/> changes them. The pool loads its model
    /// on its own; calls may be made at once.
    /// </summary>
    /// <param name="name">Name of the pool and of its actor.</param>
    /// <param name="source">Where the actors get their instances.</param>
    /// <param name="function">What a call runs.</param>
    /// <param name="codec">Joins requests where the pool's batching is on.</param>
    /// <param name="configure">Changes the settings.</param>
    /// <param name="remote">Makes calls of other processes, see <see cref="InferenceClient"/>, where the pool's settings take them.</param>
    /// <exception cref="ArgumentException">The name is taken, or batching or remote calls are on and there is no codec for them.</exception>
    /// <exception cref="InvalidActorNameException">The name cannot be one of an actor.</exception>
    /// <exception cref="InvalidSettingsException"><paramref name="configure"/> gave settings that no pool can run with.</exception>
    public Task<InferencePool> CreatePoolAsync(
        string name, IInstanceSource source, ModelFunction function, IBatchCodec? codec = null, Func<PoolSettings, PoolSettings>? configure = null,
        IRemoteCodec? remote = null)
    {
        ArgumentNullException.ThrowIfNull(function);
        return CreatePoolAsync(name, source, function, null, codec, configure, remote);
    }

    /// <summary>
    /// Makes a pool of an asynchronous function, see <see cref="IModelInstance.RunAsync"/>. An actor runs nothing else until the function has ended, and its
    /// thread serves others while it awaits.
    /// </summary>
    /// <inheritdoc cref="CreatePoolAsync(string, IInstanceSource, ModelFunction, IBatchCodec, Func{PoolSettings, PoolSettings}, IRemoteCodec)" path="/param"/>
    /// <exception cref="ArgumentException">The name is taken, batching is on, or remote calls are and there is no codec for them.</exception>
    /// <exception cref="InvalidActorNameException">The name cannot be one of an actor.</exception>
    /// <exception cref="InvalidSettingsException"><paramref name="configure"/> gave settings that no pool can run with.</exception>
    public Task<InferencePool> CreatePoolAsync(
        string name, IInstanceSource source, AsyncModelFunction function, IBatchCodec? codec = null, Func<PoolSettings, PoolSettings>? configure = null,
        IRemoteCodec? remote = null)
    {
        ArgumentNullException.ThrowIfNull(function);
        return CreatePoolAsync(
            name, source, static (_, _) => throw new InvalidOperationException("This pool's function is asynchronous."), function, codec, configure, remote);
    }

    private async Task<InferencePool> CreatePoolAsync(
        string name, IInstanceSource source, ModelFunction function, AsyncModelFunction? asyncFunction, IBatchCodec? codec,
        Func<PoolSettings, PoolSettings>? configure, IRemoteCodec? remote)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(source);
        var settings = configure is null ? Settings.Inference.Pool(name) : configure(Settings.Inference.Pool(name)).Checked(name);
        if (settings.Batching is not null && codec is null)
        {
            throw new ArgumentException($"Pool '{name}' has batching on, so it needs a codec that joins requests.", nameof(codec));
        }

        if (settings.Batching is not null && asyncFunction is not null)
        {
            throw new ArgumentException(
                $"Pool '{name}' has batching on, which joins requests for functions that do not await: turn zerocopy.inference.pools.{name}.batching off, or "
                + "give it another function.", nameof(asyncFunction));
        }

        if (settings.Remote && remote is null)
        {
            throw new ArgumentException($"Pool '{name}' takes calls of other processes, so it needs a codec for their tensors.", nameof(remote));
        }

        var created = new Lazy<Task<InferencePool>>(() => StartPoolAsync(name, source, function, asyncFunction, codec, settings, remote));
        if (!_pools.TryAdd(name, created))
        {
            throw new ArgumentException($"There is a pool '{name}' already.", nameof(name));
        }

        try
        {
            return await created.Value.ConfigureAwait(false);
        }
        catch
        {
            _pools.TryRemove(new(name, created));
            throw;
        }
    }

    /// <summary>The pool of that name.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public InferencePool Pool(string name) => _pools.TryGetValue(name, out var pool) && pool.Value.IsCompletedSuccessfully
        ? pool.Value.Result
        : throw new KeyNotFoundException($"There is no pool '{name}'; there are: {string.Join(", ", Pools.Select(p => p.Name))}.");

    private InferencePool? Find(string name) => Pools.FirstOrDefault(pool => pool.Name == name);

    private async Task<InferencePool> StartPoolAsync(
        string name, IInstanceSource source, ModelFunction function, AsyncModelFunction? asyncFunction, IBatchCodec? codec, PoolSettings settings,
        IRemoteCodec? remote)
    {
        var path = Settings.Inference.Pools.ContainsKey(name) ? $"zerocopy.inference.pools.{name}" : "zerocopy.inference.pool-defaults";
        var ledger = new CallLedger($"pool {name}", settings.QueueCapacity, path, _clock);
        var loads = settings.Router == RoutingStrategy.SmallestMailbox ? new ActorLoads() : null;
        var kinds = new JoinedKinds(settings.Batching?.Verify ?? true);
        var context = new PoolContext(name, source, function, codec, settings, ledger, new PoolReadiness(), loads, kinds)
        {
            AsyncFunction = asyncFunction,
        };
        var router = new TaskCompletionSource<IActorRef>(TaskCreationOptions.RunContinuationsAsynchronously);
        _children.Pools.Tell(new PoolsActor.Create(context, router), ActorRefs.NoSender);
        if (await Task.WhenAny(router.Task, _ended).ConfigureAwait(false) != router.Task)
        {
            // Nobody is left who would make it.
            throw PoolsActor.Ended(name);
        }

        return new InferencePool(
            context, await router.Task.ConfigureAwait(false), Settings.Inference.DrainTimeout, () => _pools.TryRemove(name, out _))
        {
            Remote = settings.Remote ? remote : null,
        };
    }

    private async Task<Akka.Done> DrainAsync(CoordinatedShutdown shutdown)
    {
        // A phase that is over time is left behind and the system goes down around the calls: end before it, so that they fail typed.
        var timeout = shutdown.Timeout(CoordinatedShutdown.PhaseServiceRequestsDone);
        var phase = timeout - TimeSpan.FromTicks(Math.Min(TimeSpan.FromMilliseconds(500).Ticks, timeout.Ticks / 2));
        await Task.WhenAll([
            Tasks.DrainAsync(Limit(Settings.Tasks.DrainTimeout, "zerocopy.tasks.drain-timeout", phase)),
            .. Pools.Select(pool => pool.DrainAsync(Limit(Settings.Inference.DrainTimeout, "zerocopy.inference.drain-timeout", phase)))])
            .ConfigureAwait(false);
        return Akka.Done.Instance;
    }

    private TimeSpan Limit(TimeSpan wanted, string setting, TimeSpan phase)
    {
        if (wanted <= phase)
        {
            return wanted;
        }

        _log.Warning(
            "{0} is {1}, but akka.coordinated-shutdown.phases.service-requests-done.timeout leaves {2}: calls get no longer than that", setting, wanted, phase);
        return phase;
    }

    /// <summary>Ends the tasks when their actors have stopped; a pool ends with its own.</summary>
    private async Task EndAsync(Task stopped)
    {
        await stopped.ConfigureAwait(false);
        Tasks.End();
    }

    private void Close()
    {
        Tasks.End();
        foreach (var pool in Pools)
        {
            pool.RetireAll();
        }

        try
        {
            ActorsStopped?.Invoke();
        }
        finally
        {
            _store.Close();
        }
    }
}
