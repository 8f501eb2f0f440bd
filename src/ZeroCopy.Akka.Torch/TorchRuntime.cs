using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Runtime;
using ZeroCopy.Store;
using ZeroCopy.Torch.Catalog;
using ZeroCopy.Torch.Devices;
using ZeroCopy.Torch.Instances;
using ZeroCopy.Torch.Script;
using ZeroCopy.Torch.Views;

namespace ZeroCopy.Torch;

/// <summary>
/// Puts modules into the object store and materialises them from it, for one process. Thread-safe.
/// </summary>
public sealed partial class TorchRuntime : IDisposable
{
    private readonly OpenModels _open = new();
    private readonly LiveModules _live = new();
    private readonly ModelOpener _opener;
    private volatile bool _disposed;

    /// <summary>A runtime over an open store, which it does not own.</summary>
    public TorchRuntime(ObjectStore store, ModelCatalog? catalog = null, TorchRuntimeOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        Store = store;
        Catalog = catalog ?? new ModelCatalog();
        Options = options ?? new TorchRuntimeOptions();
        _opener = new ModelOpener(Store, Catalog, _live, Options);
    }

    /// <summary>The store.</summary>
    public ObjectStore Store { get; }

    /// <summary>The model types that this process can build.</summary>
    public ModelCatalog Catalog { get; }

    /// <summary>How instances are made.</summary>
    public TorchRuntimeOptions Options { get; }

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

        OpenModule Open(Type type) =>
            (OpenModule)_open.GetOrOpen(new(model.Id, type, device.ToString()), () => _opener.Open(model, options, device));
    }

    /// <summary>
    /// Opens a model by whatever recipe its manifest has: a script, or a type of the catalog. The same object for the same model and
    /// device.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="device">
    /// Where instances run; null for the CPU. A script runs on the CPU or a CUDA device, with the constants in its code.
    /// </param>
    /// <exception cref="ZeroCopy.Errors.RecipeUnavailableException">
    /// The model is weights only, or its type is not registered here.
    /// </exception>
    /// <exception cref="ZeroCopy.Errors.DeviceUnavailableException">
    /// This process has no such device, or the script cannot run on it.
    /// </exception>
    public IInstanceSource OpenAny(ModelHandle model, torch.Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ObjectDisposedException.ThrowIf(_disposed, this);
        var manifest = Store.ReadManifest(model.Id);
        if (manifest.Recipe is not Recipe.Script script)
        {
            return Open<torch.nn.Module>(model, new OpenOptions<torch.nn.Module> { Device = device });
        }

        var place = RequireDevice(model, manifest, device);
        return (IInstanceSource)_open.GetOrOpen(
            new(model.Id, typeof(ScriptProgram), place.ToString()), () => _opener.OpenScript(model, script, place));
    }

    /// <summary>Throws where a model could not be opened on a device, before anything is built.</summary>
    /// <exception cref="ZeroCopy.Errors.DeviceUnavailableException">
    /// This process has no such device, or the script cannot run on it.
    /// </exception>
    internal void RequireDevice(ModelHandle model, torch.Device? device)
    {
        // Whatever the model is, the CPU will do.
        if (device is not null && device.type != DeviceType.CPU)
        {
            RequireDevice(model, Store.ReadManifest(model.Id), device);
        }
    }

    /// <summary>
    /// Views of a model's tensors by name, tied ones under each of their names. They keep their blocks mapped; the caller disposes them,
    /// and may write to them: no instance sees it.
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
    /// Ends this process's use of a model: prototypes, idle instances and leases go, so that the store may remove or evict it as soon as
    /// instances still rented are returned and materialised modules are released. What was opened before can be rented no more. The model
    /// can be opened anew, but as another process would: a live module that was put is forgotten. Does nothing for a model that is not
    /// open.
    /// </summary>
    public void Close(ModelHandle model)
    {
        ArgumentNullException.ThrowIfNull(model);
        _open.Close(model.Id);
        _live.Remove(model.Id);
    }

    /// <summary>Disposes prototypes and idle instances. Instances still rented stay valid until they are returned.</summary>
    public void Dispose()
    {
        _disposed = true;
        _open.Dispose();
        _live.Dispose();
    }

    /// <summary>Whether a model's manifest and this process's catalog are enough to build it.</summary>
    internal bool KnowsRecipe(ModelHandle model, bool waits = true) => Store.ReadManifest(model.Id, waits).Recipe switch
    {
        Recipe.Script => true,
        Recipe.Catalog recipe => Catalog.Contains(recipe.Key),
        _ => false,
    };

    private static torch.Device RequireDevice(ModelHandle model, Manifest manifest, torch.Device? device)
    {
        var script = manifest.Recipe is Recipe.Script;
        if (script && device is not null && device.type != DeviceType.CPU && ScriptFacts.FromMetadata(manifest.Metadata).HostOnly)
        {
            throw new DeviceUnavailableException(
                $"TorchScript model {model} runs on the CPU only, not on {device}: it holds objects of libtorch's own classes, such as the "
                + "packed weights of quantized layers.");
        }

        var place = DevicePlacement.Require(device);
        return !script || place.type is DeviceType.CPU or DeviceType.CUDA
            ? place
            : throw new DeviceUnavailableException($"TorchScript model {model} runs on the CPU or a CUDA device, not on {place}.");
    }
}
