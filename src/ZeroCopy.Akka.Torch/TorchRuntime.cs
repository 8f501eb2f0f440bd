using System.Collections.Concurrent;
using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Runtime;
using ZeroCopy.Store;
using ZeroCopy.Torch.Binding;
using ZeroCopy.Torch.Catalog;
using ZeroCopy.Torch.Checkpoints;
using ZeroCopy.Torch.Devices;
using ZeroCopy.Torch.Rebuilding;
using ZeroCopy.Torch.Running;
using ZeroCopy.Torch.Skeletons;
using ZeroCopy.Torch.Views;

namespace ZeroCopy.Torch;

/// <summary>
/// Puts modules into the object store and materialises them from it, for one process. Thread-safe.
/// </summary>
public sealed partial class TorchRuntime : IDisposable
{
    private readonly TorchRuntimeOptions _options;
    private readonly ConcurrentDictionary<(ModelId Model, Type Type, string Device), Lazy<IOpenModel>> _open = new();
    private readonly ConcurrentDictionary<ModelId, Live> _live = new();
    private volatile bool _disposed;

    /// <summary>A runtime over an open store, which it does not own.</summary>
    public TorchRuntime(ObjectStore store, ModelCatalog? catalog = null, TorchRuntimeOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        Store = store;
        Catalog = catalog ?? new ModelCatalog();
        _options = options ?? new TorchRuntimeOptions();
    }

    /// <summary>The store.</summary>
    public ObjectStore Store { get; }

    /// <summary>The model types that this process can build.</summary>
    public ModelCatalog Catalog { get; }

    /// <summary>
    /// Puts a live module's tensors: parameters, buffers and transient buffers, ties kept, memory order kept. The module answers as before and
    /// is not retained (see <see cref="PutModuleOptions.Rebind"/>): this process's prototype is a clone on the stored tensors, with native layers
    /// (embeddings, recurrent layers, attention) built anew. Tensors on a device are copied to the host first.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// A tensor is on META, or on a device where the module is to be rebound, or not stored: sparse, or quantised.
    /// </exception>
    public async Task<ModelHandle> PutAsync(
        torch.nn.Module module, PutModuleOptions? options = null, IProgress<PutProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        using var lease = await PutLeasedAsync(module, options, progress, cancellationToken).ConfigureAwait(false);
        return lease.Handle;
    }

    /// <summary>As <see cref="PutAsync"/>, with a lease that no other process's put comes before. The caller disposes it.</summary>
    internal async Task<ModelLease> PutLeasedAsync(
        torch.nn.Module module, PutModuleOptions? options = null, IProgress<PutProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(module);
        ObjectDisposedException.ThrowIf(_disposed, this);
        TorchLibrary.Guard();
        options ??= new PutModuleOptions();
        if (options.Rebind)
        {
            RequireHost(module);
        }

        var recipe = (Recipe?)options.Recipe ?? new Recipe.Weights(module.GetType().Name, Guid.NewGuid().ToString("N"));
        ModelLease lease;
        using (var tensors = LiveTensors.Of(module))
        {
            lease = await Store.PutAndAcquireAsync(
                new ModelContent { Tensors = tensors.Sources, Recipe = recipe }, $"put of a {module.GetType().Name}", options.Put, progress,
                cancellationToken)
                .ConfigureAwait(false);
        }

        try
        {
            if (options.Rebind)
            {
                using var views = new LeaseViews(lease);
                Binder.Bind(module, lease.Manifest.Tensors, views);
            }

            if (recipe is Recipe.Weights)
            {
                Keep(lease, module, options.Rebind);
            }

            return lease;
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    /// <summary>Whether a model's manifest and this process's catalog are enough to build it.</summary>
    internal bool KnowsRecipe(ModelHandle model) => Store.ReadManifest(model.Id).Recipe switch
    {
        Recipe.Script => true,
        Recipe.Catalog recipe => Catalog.Contains(recipe.Key),
        _ => false,
    };

    /// <summary>Throws where a recipe does not build a module like the given one, before that is put with it.</summary>
    /// <exception cref="InvalidModelException">
    /// The catalog does not know the key, the factory fails, or it builds other tensors.
    /// </exception>
    internal void RequireRecipe(torch.nn.Module module, Recipe.Catalog recipe)
    {
        using var tensors = LiveTensors.Of(module);
        TrialBuild.Require(
            tensors.Sources,
            recipe,
            Catalog,
            $"The recipe for a {module.GetType().Name}",
            "Correct its configuration, or what the catalog registers.");
    }

    /// <summary>Puts a state dictionary: tensors by name, tied ones recognised by their storage.</summary>
    /// <exception cref="ArgumentException">A tensor is on META, sparse or quantised.</exception>
    public async Task<ModelHandle> PutStateAsync(
        IReadOnlyDictionary<string, torch.Tensor> state, PutOptions? options = null, IProgress<PutProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        using var lease = await PutStateLeasedAsync(state, options, progress, cancellationToken).ConfigureAwait(false);
        return lease.Handle;
    }

    /// <summary>As <see cref="PutStateAsync"/>, with a lease that no other process's put comes before. The caller disposes it.</summary>
    internal async Task<ModelLease> PutStateLeasedAsync(
        IReadOnlyDictionary<string, torch.Tensor> state, PutOptions? options = null, IProgress<PutProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(state);
        ObjectDisposedException.ThrowIf(_disposed, this);
        TorchLibrary.Guard();
        using var tensors = LiveTensors.Of(state);
        var content = new ModelContent { Tensors = tensors.Sources, Recipe = new Recipe.Weights("state dictionary", "") };
        return await Store.PutAndAcquireAsync(content, "put of a state dictionary", options, progress, cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>
    /// Opens a model with its prototype: the same object for the same model, type and device. Types that its module has, such as a base
    /// class and a derived one, have prototype and instances in common; the options of the first opening count.
    /// </summary>
    /// <exception cref="ZeroCopy.Errors.RecipeUnavailableException">Nothing here can build the module.</exception>
    /// <exception cref="ZeroCopy.Errors.BindingException">The tensors do not fit the module.</exception>
    /// <exception cref="ZeroCopy.Errors.DeviceUnavailableException">This process has no such device.</exception>
    public TorchModel<TModule> Open<TModule>(ModelHandle model, OpenOptions<TModule>? options = null)
        where TModule : torch.nn.Module
    {
        ArgumentNullException.ThrowIfNull(model);
        ObjectDisposedException.ThrowIf(_disposed, this);
        options ??= new OpenOptions<TModule>();
        var device = DevicePlacement.Require(options.Device);
        // One for all types that its module has; a type that it has not is served, or refused, by one of its own.
        return Open(typeof(torch.nn.Module)).AsOrNull<TModule>() ?? Open(typeof(TModule)).AsOrNull<TModule>()
            ?? throw new RecipeUnavailableException($"What is built here for {model} is no {typeof(TModule)}.");

        OpenModule Open(Type type) => (OpenModule)Opened((model.Id, type, device.ToString()), () => Create(model, options, device));
    }

    /// <summary>
    /// Views of a model's tensors by name, tied ones under each of their names. They keep their blocks mapped; the caller disposes them, and may write to
    /// them: no instance sees it.
    /// </summary>
    /// <exception cref="ZeroCopy.Errors.ModelNotFoundException">No such model.</exception>
    /// <exception cref="ZeroCopy.Errors.InvalidModelException">A tensor is of a type that libtorch has not, such as F4.</exception>
    public IReadOnlyDictionary<string, torch.Tensor> OpenState(ModelHandle model)
    {
        ArgumentNullException.ThrowIfNull(model);
        ObjectDisposedException.ThrowIf(_disposed, this);
        using var lease = Store.Acquire(model.Id, "reading a state");
        foreach (var entry in lease.Manifest.Tensors)
        {
            // All of them before the first view is made.
            _ = entry.ScalarType();
        }

        using var views = new LeaseViews(lease);
        var state = new Dictionary<string, torch.Tensor>();
        foreach (var entry in lease.Manifest.Tensors)
        {
            var view = views.View(entry);
            state.Add(entry.Name, view);
            foreach (var alias in entry.Aliases)
            {
                state.Add(alias, view);
            }
        }

        return state;
    }

    /// <summary>
    /// Ends this process's use of a model: prototypes, idle instances and leases go, so that the store may remove or evict it as soon as instances still
    /// rented are given back and materialised modules are released. What was opened before can be rented no more. The model can be opened anew, but as
    /// another process would: a live module that was put is forgotten. Does nothing for a model that is not open.
    /// </summary>
    public void Close(ModelHandle model)
    {
        ArgumentNullException.ThrowIfNull(model);
        Close(id => id == model.Id);
    }

    /// <summary>Disposes prototypes and idle skeletons. Instances still rented stay valid until they are given back.</summary>
    public void Dispose()
    {
        _disposed = true;
        Close(_ => true);
    }

    private void Close(Func<ModelId, bool> isMeant)
    {
        foreach (var key in _open.Keys.Where(key => isMeant(key.Model)))
        {
            // One that is being created is disposed by who creates it.
            if (_open.TryRemove(key, out var opened) && opened.IsValueCreated)
            {
                opened.Value.Dispose();
            }
        }

        foreach (var model in _live.Keys.Where(isMeant))
        {
            if (_live.TryRemove(model, out var live))
            {
                live.Dispose();
            }
        }
    }

    private IOpenModel Opened((ModelId Model, Type Type, string Device) key, Func<IOpenModel> create)
    {
        while (true)
        {
            var opened = _open.GetOrAdd(key, _ => new Lazy<IOpenModel>(Guarded));
            IOpenModel model;
            try
            {
                model = opened.Value;
            }
            catch
            {
                // A failure is not remembered: the next call may bring a factory.
                _open.TryRemove(new(key, opened));
                throw;
            }

            // First created, then looked for, as Close first takes it out and then looks whether it was created: one of them disposes it.
            Interlocked.MemoryBarrier();
            if (_disposed || !_open.TryGetValue(key, out var current) || !ReferenceEquals(current, opened))
            {
                model.Dispose();
            }

            if (!model.IsClosed)
            {
                return model;
            }

            // Its holder disposed it, or it was closed while it was opened: as if it had been opened before.
            _open.TryRemove(new(key, opened));
            ObjectDisposedException.ThrowIf(_disposed, this);
        }

        IOpenModel Guarded()
        {
            TorchLibrary.Guard();
            return create();
        }
    }

    private OpenModule Create<TModule>(ModelHandle model, OpenOptions<TModule> options, torch.Device device)
        where TModule : torch.nn.Module
    {
        var lease = Store.Acquire(model.Id, $"model {model}");
        LeaseViews? views = null;
        try
        {
            var build = Builder(lease.Manifest, options, device);
            views = new LeaseViews(lease, ownsLease: true);
            var apart = _options.Isolation == InstanceIsolation.Mappings;
            torch.nn.Module Rebuild() => Place(apart ? Apart(lease, build) : build(views), device);
            torch.nn.Module Clone(torch.nn.Module module) => apart
                ? Place(Apart(lease, own => LivePrototype.Create(module, lease.Manifest.Tensors, own)), device)
                : ModuleCloner.Clone(module, _options.Isolation == InstanceIsolation.Buffers);
            var rebuilds = lease.Manifest.Recipe is Recipe.Catalog || options.Factory is not null;
            var prototype = new Prototype(Place(build(views), device), Clone, rebuilds ? Rebuild : null);
            try
            {
                return new OpenModule(model, prototype, views, _options.MaxIdleSkeletons, options.Stateless);
            }
            catch
            {
                prototype.Dispose();
                throw;
            }
        }
        catch
        {
            ((IDisposable?)views ?? lease).Dispose();
            throw;
        }
    }

    /// <summary>A module on a mapping of its own, which ends with its last tensor.</summary>
    private static torch.nn.Module Apart(ModelLease lease, Func<IViewSource, torch.nn.Module> make)
    {
        using var views = new LeaseViews(lease);
        return make(views);
    }

    private static torch.nn.Module Place(torch.nn.Module module, torch.Device device)
    {
        try
        {
            return DevicePlacement.Move(module, device);
        }
        catch
        {
            ModuleDisposal.Release(module);
            throw;
        }
    }

    /// <summary>Throws where a module to rebind has tensors that cannot become views of the store, before anything is put.</summary>
    private static void RequireHost(torch.nn.Module module)
    {
        foreach (var (name, tensor, _, _) in ModuleState.Read(module))
        {
            if (tensor.device_type is not (DeviceType.CPU or DeviceType.META))
            {
                throw new ArgumentException(
                    $"{name} is on {tensor.device}, and only a module on the CPU can be handed over to the store: move it there first, or put it "
                    + "without PutModuleOptions.Rebind.",
                    nameof(module));
            }
        }
    }

    /// <summary>Builds and binds a module: by the caller's factory, else by the catalog, else from what was put in this process.</summary>
    private Func<IViewSource, torch.nn.Module> Builder<TModule>(Manifest manifest, OpenOptions<TModule> options, torch.Device device)
        where TModule : torch.nn.Module
    {
        if (options.Factory is { } factory)
        {
            return views => ModuleBuilder.Build(manifest.Tensors, views, factory);
        }

        if (manifest.Recipe is Recipe.Catalog recipe)
        {
            return views => ModuleBuilder.Build(manifest.Tensors, views, build => Catalog.Build(recipe.Key, recipe.Configuration, build));
        }

        if (_live.TryGetValue(manifest.Id, out var live) && live.Module is TModule module)
        {
            // Clones share native layers, so what moves elsewhere needs layers of its own.
            return views => live.Use(device.type == DeviceType.CPU
                ? () => ModuleCloner.Clone<torch.nn.Module>(module)
                : () => LivePrototype.Create(module, manifest.Tensors, views));
        }

        var reason = live?.Refused is { } refused ? refused.Message : $"It was not put by this process as a {typeof(TModule).Name}.";
        throw new RecipeUnavailableException(
            $"Nothing here can build the module of {manifest.Id.ToString()[..12]}. {reason} "
            + "Give OpenOptions.Factory, or put it with PutModuleOptions.Recipe and register that key in the catalog.",
            live?.Refused);
    }

    /// <summary>
    /// Keeps a prototype made of a module that was put. One that refuses needs a factory to be opened, and the reason is told then; if it was handed
    /// over, it may share its native layers, though, which are bound to the store.
    /// </summary>
    private void Keep(ModelLease lease, torch.nn.Module module, bool handedOver)
    {
        var model = lease.Handle.Id;
        using var views = new LeaseViews(lease);
        var live = Try(() => LivePrototype.Create(module, lease.Manifest.Tensors, views));
        if (live.Refused is not null && handedOver)
        {
            live = Try(() => ModuleCloner.Clone(module));
        }

        if (!_live.TryAdd(model, live))
        {
            live.Dispose();
        }
        else if (_disposed)
        {
            Close(id => id == model);
        }

        static Live Try(Func<torch.nn.Module> make)
        {
            try
            {
                return new Live(make(), null);
            }
            catch (CloneRefusedException refused)
            {
                return new Live(null, refused);
            }
        }
    }

    /// <summary>What is left of a module that was put in this process: a prototype, which a clone of it holds, or why there is none.</summary>
    private sealed class Live(torch.nn.Module? module, CloneRefusedException? refused) : IDisposable
    {
        private readonly Holds _holds = new($"The {module?.GetType().Name} that was put", () =>
        {
            if (module is not null)
            {
                ModuleDisposal.Release(module);
            }
        });

        public torch.nn.Module? Module => module;

        public CloneRefusedException? Refused => refused;

        public torch.nn.Module Use(Func<torch.nn.Module> clone) => _holds.Use(clone);

        public void Dispose() => _holds.Close();
    }
}
