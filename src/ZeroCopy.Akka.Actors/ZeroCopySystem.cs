using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Event;
using ZeroCopy.Actors.Endpoints;
using ZeroCopy.Actors.Inference;
using ZeroCopy.Actors.Nodes;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Actors.Stores;
using ZeroCopy.Actors.Tasks;
using ZeroCopy.Actors.Telemetry;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Nodes;
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
    private readonly ExtendedActorSystem _system;
    private readonly ILoggingAdapter _log;
    private readonly TimeProvider _clock;
    private readonly RootChildren _children;
    private readonly NodeDirectory _endpoints;
    private readonly IDisposable _observed;
    private readonly SystemEndpoints _all;
    private readonly RemoteEndpoints _remote;
    private readonly IActorRef _root;
    private readonly PoolStarter _starter;
    private readonly SystemStore _store;
    private readonly ActorLeases _leases = new();
    private readonly Task _ended;

    internal ZeroCopySystem(ExtendedActorSystem system)
    {
        system.Settings.InjectTopLevelFallback(ZeroCopySettings.Reference);
        Settings = ZeroCopySettings.From(system.Settings.Config);
        _system = system;
        RequireDispatcher(TaskSettings.Dispatcher);
        var setup = system.Settings.Setup.Get<ZeroCopySetup>().GetOrElse(new ZeroCopySetup());
        _clock = setup.TimeProvider;
        _log = Logging.GetLogger(system, this);
        _store = new SystemStore(setup.Store, Settings.ObjectStore with { TimeProvider = _clock });
        Func<ObjectStore> open = () => _store.Open();
        var children = new TaskCompletionSource<RootChildren>(TaskCreationOptions.RunContinuationsAsynchronously);
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _endpoints = new NodeDirectory(_log);
        _observed = ObservedModels.Add(_endpoints.Measure);
        Status = new SystemStatus(_endpoints, _store);
        _all = new SystemEndpoints(_endpoints, _log);
        var remote = _remote = new RemoteEndpoints(_endpoints);
        var remoting = Settings.Inference.Remoting;
        _root = system.ActorOf(Props.Create(() => new RootActor(open, _leases, remote, remoting, children, ended)), "zerocopy");
        // Creating three actors takes microseconds; the wait ends early where one of them cannot be created, which would be a bug here.
        _children = children.Task.WaitAsync(TimeSpan.FromSeconds(30)).GetAwaiter().GetResult();
        Tasks = new TaskRunner(_children.Tasks, Settings.Tasks, _clock);
        _ended = EndAsync(ended.Task);
        _starter = Starter(_children.Pools);
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

    /// <summary>
    /// What this node can be called for by named tensors: pools that code made with an <see cref="ICallBinder"/>, and, where a host serves
    /// its store here, pools that HOCON declares and every model that can be built. As a node of a cluster, the models of the others too.
    /// </summary>
    public IEndpointDirectory Endpoints => _all;

    /// <summary>Those of <see cref="Endpoints"/> that this process runs itself.</summary>
    public IEndpointDirectory OwnEndpoints => _endpoints;

    /// <summary>What other nodes of the cluster may call here, and nothing of theirs.</summary>
    internal IEndpointDirectory Shared => _remote;

    /// <summary>Names whose models are about to be removed.</summary>
    internal Withdrawals Withdrawals { get; } = new();

    /// <summary>What this process builds models with; null where no host serves its store here.</summary>
    internal IModelOpener? Opener => _endpoints.Models?.Opener;

    /// <summary>Has everybody who calls models here, and calls of other processes, reach those of the cluster.</summary>
    internal void Join(IEndpointDirectory cluster)
    {
        _remote.Cluster = cluster;
        _all.Join(cluster);
    }

    /// <summary>Starts an actor below <c>/user/zerocopy</c>.</summary>
    internal IActorRef Start(Props props, string name)
    {
        var child = new RootActor.Child(props, name);
        _root.Tell(child, ActorRefs.NoSender);
        return child.Started.Task.WaitAsync(TimeSpan.FromSeconds(30)).GetAwaiter().GetResult();
    }

    /// <summary>What this node serves its models with, for people to look at.</summary>
    public INodeStatus Status { get; }

    /// <summary>The pools that run, those of declared pools and models among them, in no order.</summary>
    public IReadOnlyList<InferencePool> Pools => [.. Made, .. _endpoints.Models?.Pools ?? []];

    private IEnumerable<InferencePool> Made =>
        _pools.Values.Where(pool => pool.IsValueCreated && pool.Value.IsCompletedSuccessfully).Select(pool => pool.Value.Result);

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
    /// Makes a pool: <paramref name="name"/> chooses its settings in HOCON, <paramref name="configure"/> changes them. The pool loads its
    /// model on its own; calls may be made at once.
    /// </summary>
    /// <param name="name">Name of the pool and of its actor.</param>
    /// <param name="source">Where the actors get their instances.</param>
    /// <param name="function">What a call runs.</param>
    /// <param name="codec">Joins requests where the pool's batching is on.</param>
    /// <param name="configure">Changes the settings.</param>
    /// <param name="binder">
    /// Makes the function's argument of named tensors, and named tensors of its answer: the pool is in <see cref="Endpoints"/> then, and
    /// for other processes too where its settings say so.
    /// </param>
    /// <exception cref="ArgumentException">
    /// The name is taken, batching is on and there is no codec, or one that does not pad where the settings say so, or remote calls are on
    /// and there is no binder.
    /// </exception>
    /// <exception cref="InvalidActorNameException">The name cannot be one of an actor.</exception>
    /// <exception cref="InvalidSettingsException"><paramref name="configure"/> gave settings that no pool can run with.</exception>
    public Task<InferencePool> CreatePoolAsync(
        string name,
        IInstanceSource source,
        ModelFunction function,
        IBatchCodec? codec = null,
        Func<PoolSettings, PoolSettings>? configure = null,
        ICallBinder? binder = null)
    {
        ArgumentNullException.ThrowIfNull(function);
        return CreatePoolAsync(name, source, function, null, codec, configure, binder);
    }

    /// <summary>
    /// Makes a pool of an asynchronous function, see <see cref="IModelInstance.RunAsync"/>. An actor runs nothing else until the function
    /// has ended, and its thread serves others while it awaits.
    /// </summary>
    /// <inheritdoc cref="CreatePoolAsync(string, IInstanceSource, ModelFunction, IBatchCodec, Func{PoolSettings, PoolSettings},
    /// ICallBinder)" path="/param"/>
    /// <exception cref="ArgumentException">The name is taken, batching is on, or remote calls are and there is no binder.</exception>
    /// <exception cref="InvalidActorNameException">The name cannot be one of an actor.</exception>
    /// <exception cref="InvalidSettingsException"><paramref name="configure"/> gave settings that no pool can run with.</exception>
    public Task<InferencePool> CreatePoolAsync(
        string name,
        IInstanceSource source,
        AsyncModelFunction function,
        IBatchCodec? codec = null,
        Func<PoolSettings, PoolSettings>? configure = null,
        ICallBinder? binder = null)
    {
        ArgumentNullException.ThrowIfNull(function);
        return CreatePoolAsync(
            name,
            source,
            static (_, _) => throw new InvalidOperationException("This pool's function is asynchronous."),
            function,
            codec,
            configure,
            binder);
    }

    /// <summary>
    /// Makes a pool that runs any method of its model, and joins calls where the model's can be joined and the settings say so.
    /// </summary>
    /// <param name="name">Name of the pool and of its actor.</param>
    /// <param name="source">Where the actors get their instances.</param>
    /// <param name="model">Calls of the model's methods.</param>
    /// <param name="configure">Changes the settings.</param>
    /// <inheritdoc cref="CreatePoolAsync(string, IInstanceSource, ModelFunction, IBatchCodec, Func{PoolSettings, PoolSettings},
    /// ICallBinder)" path="/exception"/>
    public Task<InferencePool> CreatePoolAsync(
        string name, IInstanceSource source, ICallBinder model, Func<PoolSettings, PoolSettings>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        return CreatePoolAsync(name, source, model.Run, null, model.Codec, configure, model);
    }

    /// <summary>A model whose calls are tasks each: an actor that rents an instance for one call.</summary>
    /// <param name="name">What the endpoint is called.</param>
    /// <param name="source">The model's instances; it stays the caller's, who keeps it as long as calls are made.</param>
    /// <param name="model">Calls of the model's methods.</param>
    /// <param name="version">The model's version; null where it has none.</param>
    /// <returns>The endpoint, which is in no directory: who has it calls it.</returns>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public IModelEndpoint TaskEndpoint(string name, IInstanceSource source, ICallBinder model, int? version = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(model);
        return new TaskEndpoint(name, Tasks, source, model) { Version = version };
    }

    /// <summary>
    /// Serves the models of a store: starts the pools that HOCON declares, and those of other models with their first call.
    /// </summary>
    /// <exception cref="InvalidSettingsException">The pools' dispatcher is none.</exception>
    internal ServedModels Serve(ObjectStore store, IModelOpener opener)
    {
        RequireDispatcher(InferenceSettings.Dispatcher);
        var models = new ServedModels(store, opener, Starter(_children.Models), Withdrawals, Settings.Inference, _clock, _log);
        _endpoints.Serve(models);
        return models;
    }

    /// <summary>A dispatcher is Akka's to read, which it does with the first actor on it.</summary>
    private void RequireDispatcher(string path)
    {
        try
        {
            _system.Dispatchers.Lookup(path);
        }
        catch (Exception e)
        {
            throw new InvalidSettingsException([$"{path} is no dispatcher: {e.Message.TrimEnd('.')}"]);
        }
    }

    /// <summary>Ends what <see cref="Serve"/> began.</summary>
    internal async Task EndAsync(ServedModels models)
    {
        _endpoints.Forget(models);
        await models.DisposeAsync().ConfigureAwait(false);
    }

    private async Task<InferencePool> CreatePoolAsync(
        string name, IInstanceSource source, ModelFunction function, AsyncModelFunction? asyncFunction, IBatchCodec? codec,
        Func<PoolSettings, PoolSettings>? configure, ICallBinder? binder)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(source);
        var settings = configure is null ? Settings.Inference.Pool(name) : configure(Settings.Inference.Pool(name)).Checked(name);
        if (settings.Model is { } declared)
        {
            throw new ArgumentException(
                $"zerocopy.inference.pools.{name}.model is '{declared}', so that the host starts pool '{name}': take another name, "
                + "or leave the model out.",
                nameof(name));
        }

        if (settings.Batching is not null && codec is null)
        {
            throw new ArgumentException($"Pool '{name}' has batching on, so it needs a codec that joins requests.", nameof(codec));
        }

        if (settings.Batching is not null && asyncFunction is not null)
        {
            throw new ArgumentException(
                $"Pool '{name}' has batching on, which joins requests for functions that do not await: turn "
                + $"zerocopy.inference.pools.{name}.batching off, or give it another function.", nameof(asyncFunction));
        }

        if (settings.Remote && binder is null)
        {
            throw new ArgumentException(
                $"Pool '{name}' takes calls of other processes, so it needs a binder for their tensors.", nameof(binder));
        }

        var path = Settings.Inference.Pools.ContainsKey(name) ? $"zerocopy.inference.pools.{name}" : "zerocopy.inference.pool-defaults";
        var plan = new PoolPlan(name, source, function, settings, path)
        {
            AsyncFunction = asyncFunction,
            Codec = codec,
            Model = settings.IsUnnamed ? source.Name : name,
        };
        var created = new Lazy<Task<InferencePool>>(() => _starter.StartAsync(plan, () => Forget(name)));
        if (!_pools.TryAdd(name, created))
        {
            throw new ArgumentException($"There is a pool '{name}' already.", nameof(name));
        }

        try
        {
            var pool = await created.Value.ConfigureAwait(false);
            if (binder is not null)
            {
                _endpoints.Add(new PoolEndpoint(pool, binder), pool);
            }

            return pool;
        }
        catch
        {
            _pools.TryRemove(new(name, created));
            throw;
        }
    }

    private void Forget(string name)
    {
        // The name is free last: the next of that name has another endpoint.
        _endpoints.Remove(name);
        _pools.TryRemove(name, out _);
    }

    private PoolStarter Starter(IActorRef parent) => new(parent, Settings.Inference.DrainTimeout, _clock, _ended);

    /// <summary>Has an actor hold a lease, which ends when the actor stops at the latest.</summary>
    /// <returns>What ends the lease before.</returns>
    internal IDisposable Hold(IActorRef holder, IDisposable lease) => _leases.Hold(holder, lease);

    /// <summary>Has those who run tasks hold a lease: for models that tasks may be started on.</summary>
    /// <returns>What ends the lease before the tasks' own end.</returns>
    internal IDisposable HoldForTasks(IDisposable lease) => _leases.Hold(_children.Tasks, lease);

    /// <summary>The pool of that name.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public InferencePool Pool(string name) => _pools.TryGetValue(name, out var pool) && pool.Value.IsCompletedSuccessfully
        ? pool.Value.Result
        : throw new KeyNotFoundException($"There is no pool '{name}'; there are: {string.Join(", ", Made.Select(p => p.Name))}.");

    private async Task<Akka.Done> DrainAsync(CoordinatedShutdown shutdown)
    {
        // A phase that is over time is left behind and the system goes down around the calls: end before it, so that they fail typed.
        var timeout = shutdown.Timeout(CoordinatedShutdown.PhaseServiceRequestsDone);
        _endpoints.Models?.Close();
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
            "{0} is {1}, but akka.coordinated-shutdown.phases.service-requests-done.timeout leaves {2}: calls get no longer than that",
            setting,
            wanted,
            phase);
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
        _observed.Dispose();
        _endpoints.Models?.Close();
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
            _leases.Dispose();
            _store.Close();
        }
    }
}
