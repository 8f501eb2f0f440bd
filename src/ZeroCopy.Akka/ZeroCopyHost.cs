using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Event;
using ZeroCopy.Actors;
using ZeroCopy.Actors.Endpoints;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Calling;
using ZeroCopy.Endpoints;
using ZeroCopy.Hosting;
using ZeroCopy.Pipelines;
using ZeroCopy.Runtime;
using ZeroCopy.Store;
using ZeroCopy.Torch;
using ZeroCopy.Torch.Catalog;
using ZeroCopy.Torch.Guards;
using ZeroCopy.Torch.Native;

namespace ZeroCopy;

/// <summary>
/// What a process needs to share models: the host's object store, the tensor runtime, and the actor system that runs tasks and pools.
/// Thread-safe. One a process is enough; several on one directory share their weights too.
/// </summary>
public sealed partial class ZeroCopyHost : IAsyncDisposable
{
    private static readonly Lazy<ZeroCopyHost> LazyDefault = new(() => Open());

    private readonly Lock _starting = new();
    private readonly bool _ownsSystem;
    private readonly TorchRuntime _served;
    private ActorSystem? _system;
    private IDisposable? _warnings;
    private ServedModels? _models;
    private int _disposed;
    private int _closed;

    private ZeroCopyHost(ZeroCopyHostOptions options)
    {
        var actors = options.ActorSystem is { } given ? ZeroCopySystem.For(given) : null;
        if (actors?.Settings.Inference.CatchesCppExceptions == false)
        {
            TorchLibrary.CatchesCppExceptions = false;
        }

        var torch = options.Torch ?? From(actors?.Settings.Inference.Instances ?? new InstanceSettings());
        var catalog = options.Catalog ?? new ModelCatalog();
        foreach (var assembly in actors?.Settings.Models.Assemblies ?? [])
        {
            catalog.RegisterFrom(assembly);
        }

        Store = actors is null ? ObjectStore.Open(options.Store) : actors.OpenStore(options.Store);
        Runtime = new TorchRuntime(Store, catalog, torch);
        _served = new TorchRuntime(Store, catalog, torch);
        _ownsSystem = options.ActorSystem is null;
        _system = options.ActorSystem;
        if (actors is not null)
        {
            ModelWrapperSerializer.Register(options.ActorSystem!);
            actors.ActorsStopped += Close;
            _warnings = LogWarnings(options.ActorSystem!);
            _models = actors.Serve(Store, new TorchOpener(_served));
        }
    }

    /// <summary>
    /// The process's own, opened at first use with the default settings (the store's directory is <c>ZEROCOPY_STORE</c> or the user's) and
    /// never disposed.
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
            ThrowIfDisposed();
            if (Volatile.Read(ref _system) is { } running)
            {
                return running;
            }

            // Not while the host ends: an actor system that starts then would outlive it.
            lock (_starting)
            {
                ThrowIfDisposed();
                return _system ??= StartSystem();
            }
        }
    }

    /// <summary>Tasks and pools in <see cref="ActorSystem"/>.</summary>
    public ZeroCopySystem Actors => ZeroCopySystem.For(ActorSystem);

    /// <summary>
    /// What this process can be called for by named tensors: pools that HOCON declares, pools that were started here on functions of
    /// tensors, and every model of the store that can be built here, by its name or by name and version; the first call of such a model
    /// starts a pool for it with the settings <c>zerocopy.inference.pool-defaults</c>.
    /// </summary>
    public IEndpointDirectory Endpoints => Actors.Endpoints;

    internal TemplateRegistry Templates { get; } = new(typeof(ZeroCopyHost));

    /// <summary>Opens a store and a runtime.</summary>
    /// <exception cref="Errors.StoreUnavailableException">The store's directory cannot be used; the message says why.</exception>
    /// <exception cref="InvalidSettingsException">Settings of the given actor system under <c>zerocopy</c> are wrong.</exception>
    /// <exception cref="Errors.ModelAssemblyException">
    /// An assembly of the setting <c>zerocopy.models.assemblies</c> brings no model types; the message says why.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// The given actor system has a host, which <see cref="For"/> finds, or its store is open already with other options, or its settings
    /// say that C++ exceptions are not caught and a model was opened before, see <see cref="TorchLibrary.CatchesCppExceptions"/>.
    /// </exception>
    public static ZeroCopyHost Open(ZeroCopyHostOptions? options = null)
    {
        options ??= new ZeroCopyHostOptions();
        return options.ActorSystem is { } system ? HostOfSystem.Open(system, () => new ZeroCopyHost(options)) : new ZeroCopyHost(options);
    }

    /// <summary>
    /// The host of an actor system: the one that was opened for it, else one that is opened now, with the options that
    /// <see cref="ZeroCopyHosting.WithZeroCopyHost"/> gave or those of the system's settings.
    /// </summary>
    /// <inheritdoc cref="Open" path="/exception"/>
    public static ZeroCopyHost For(ActorSystem system)
    {
        ArgumentNullException.ThrowIfNull(system);
        return HostOfSystem.GetOrOpen(system, () =>
        {
            var options = system.Settings.Setup.Get<HostSetup>().Select(setup => setup.Options).GetOrElse(new ZeroCopyHostOptions());
            return new ZeroCopyHost(options with { ActorSystem = system });
        });
    }

    /// <summary>
    /// Ends tasks and pools (an actor system of the host's own, through its coordinated shutdown), then the runtime and the store; the
    /// store of a given actor system is closed with that system, and so is a host that nobody disposed before. Modules that were loaded
    /// stay valid, and models stay in the store.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        ActorSystem? started;
        lock (_starting)
        {
            if (Interlocked.Exchange(ref _disposed, 1) != 0)
            {
                return;
            }

            started = _system;
        }

        await Task.WhenAll(_pools.Values.Select(started => started.Pool.DisposeAsync().AsTask())).ConfigureAwait(false);
        if (_models is not null)
        {
            await ZeroCopySystem.For(started!).EndAsync(_models).ConfigureAwait(false);
        }

        if (_ownsSystem && started is not null)
        {
            await CoordinatedShutdown.Get(started).Run(CoordinatedShutdown.ClrExitReason.Instance).ConfigureAwait(false);
        }

        Close();
    }

    internal ITaskCalls CallsTo(IInstanceSource source) => new ActorTaskCalls(Actors.Tasks, source);

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);

    private static TorchRuntimeOptions From(InstanceSettings settings) =>
        new() { MaxIdleInstances = settings.MaxIdle, Isolation = settings.Isolation };

    private ActorSystem StartSystem()
    {
        // Ctrl+C and exit are the process's affair: the host is disposed by whoever opened it.
        var config = ConfigurationFactory.ParseString($$"""
            akka.coordinated-shutdown { run-by-clr-shutdown-hook = off, exit-clr = off }
            akka.loglevel = WARNING
            akka.stdout-loglevel = WARNING
            akka.stdout-logger-class = "{{typeof(StandardErrorLogger).AssemblyQualifiedName}}"
            """);
        var setup = ActorSystemSetup.Create(BootstrapSetup.Create().WithConfig(config), new ZeroCopySetup { Store = Store });
        var system = ActorSystem.Create("zerocopy", setup);
        var actors = ZeroCopySystem.For(system);
        ModelWrapperSerializer.Register(system);
        HostOfSystem.Open(system, () => this);
        _warnings = LogWarnings(system);
        _models = actors.Serve(Store, new TorchOpener(_served));
        return system;
    }

    /// <summary>Warnings of the native libraries go to the system's log, earlier ones too.</summary>
    private static IDisposable LogWarnings(ActorSystem system)
    {
        var log = Logging.GetLogger(system, typeof(TorchLibrary));
        return LibraryWarnings.Subscribe(line => log.Warning("{0}", line));
    }

    /// <summary>Gives back what the host holds, when its pools are drained or every actor has stopped.</summary>
    private void Close()
    {
        Volatile.Write(ref _disposed, 1);
        if (Interlocked.Exchange(ref _closed, 1) != 0)
        {
            return;
        }

        ClosePools();
        _warnings?.Dispose();
        Templates.Dispose();
        _served.Dispose();
        Runtime.Dispose();
        if (_ownsSystem)
        {
            Store.Dispose();
        }
        else
        {
            ZeroCopySystem.For(_system!).ActorsStopped -= Close;
            HostOfSystem.Remove(_system!);
        }
    }
}
