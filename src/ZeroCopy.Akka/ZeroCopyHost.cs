using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using ZeroCopy.Actors;
using ZeroCopy.Pipelines;
using ZeroCopy.Runtime;
using ZeroCopy.Shims;
using ZeroCopy.Store;
using ZeroCopy.Torch;
using ZeroCopy.Wire;

namespace ZeroCopy;

/// <summary>
/// What a process needs to share models: the host's object store, the tensor runtime, and the actor system that runs tasks and pools. Thread-safe. One a
/// process is enough; several on one directory share their weights too.
/// </summary>
public sealed partial class ZeroCopyHost : IAsyncDisposable
{
    private static readonly Lazy<ZeroCopyHost> LazyDefault = new(() => Open());

    private readonly Lazy<ActorSystem> _system;
    private readonly bool _ownsSystem;
    private int _disposed;

    private ZeroCopyHost(ZeroCopyHostOptions options)
    {
        Store = ObjectStore.Open(options.Store);
        Runtime = new TorchRuntime(Store, options.Catalog, options.Torch);
        MaxIdleInstances = options.Torch.MaxIdleSkeletons;
        _ownsSystem = options.ActorSystem is null;
        _system = new Lazy<ActorSystem>(() => options.ActorSystem ?? StartSystem());
        if (options.ActorSystem is { } given)
        {
            HostOfSystem.Set(given, this);
        }
    }

    /// <summary>
    /// The process's own, opened at first use with the default settings (the store's directory is <c>ZEROCOPY_STORE</c> or the user's) and never disposed.
    /// </summary>
    /// <exception cref="Errors.StoreUnavailableException">The store's directory cannot be used.</exception>
    public static ZeroCopyHost Default => LazyDefault.Value;

    /// <summary>The host's object store.</summary>
    public ObjectStore Store { get; }

    /// <summary>Puts modules and materialises them.</summary>
    public TorchRuntime Runtime { get; }

    /// <summary>The actor system of tasks and pools; started here if it was not given.</summary>
    public ActorSystem ActorSystem
    {
        get
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
            return _system.Value;
        }
    }

    /// <summary>Tasks and pools in <see cref="ActorSystem"/>.</summary>
    public ZeroCopySystem Actors => ZeroCopySystem.For(ActorSystem);

    internal TemplateRegistry Templates { get; } = new();

    internal int MaxIdleInstances { get; }

    /// <summary>Opens a store and a runtime.</summary>
    /// <exception cref="Errors.StoreUnavailableException">The store's directory cannot be used; the message says why.</exception>
    public static ZeroCopyHost Open(ZeroCopyHostOptions? options = null) => new(options ?? new ZeroCopyHostOptions());

    /// <summary>
    /// Ends tasks and pools (an actor system of the host's own, through its coordinated shutdown), then the runtime and the store. Modules that were
    /// loaded stay valid, and models stay in the store.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await Task.WhenAll(_pools.Values.Select(pool => pool.DisposeAsync().AsTask())).ConfigureAwait(false);
        if (_ownsSystem && _system.IsValueCreated)
        {
            await CoordinatedShutdown.Get(_system.Value).Run(CoordinatedShutdown.ClrExitReason.Instance).ConfigureAwait(false);
        }

        Templates.Dispose();
        Runtime.Dispose();
        Store.Dispose();
    }

    internal ITaskCalls CallsTo(IInstanceSource source) => new ActorTaskCalls(Actors.Tasks, source);

    private ActorSystem StartSystem()
    {
        // Ctrl+C and exit are the process's affair: the host is disposed by whoever opened it.
        var config = ConfigurationFactory.ParseString("""
            akka.coordinated-shutdown { run-by-clr-shutdown-hook = off, exit-clr = off }
            akka.loglevel = WARNING
            akka.stdout-loglevel = WARNING
            """).WithFallback(ModelWrapperSerializer.Configuration);
        var setup = ActorSystemSetup.Create(BootstrapSetup.Create().WithConfig(config), new ZeroCopySetup { Store = Store });
        var system = ActorSystem.Create("zerocopy", setup);
        HostOfSystem.Set(system, this);
        return system;
    }
}
