using TorchSharp;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Torch.Catalog;

namespace ZeroCopy.Torch;

/// <summary>
/// Puts modules into the object store and materialises them from it, for one process. Thread-safe.
/// </summary>
public sealed partial class TorchRuntime : IDisposable
{
    /// <summary>A runtime over an open store, which it does not own.</summary>
    public TorchRuntime(ObjectStore store, ModelCatalog? catalog = null, TorchRuntimeOptions? options = null) => throw new NotImplementedException();

    /// <summary>The store.</summary>
    public ObjectStore Store => throw new NotImplementedException();

    /// <summary>The model types that this process can build.</summary>
    public ModelCatalog Catalog => throw new NotImplementedException();

    /// <summary>
    /// Puts a live module's tensors: parameters, buffers and transient buffers, ties kept, memory order kept. The module serves as this process's
    /// prototype only through a clone: it is neither changed nor retained (see <see cref="PutModuleOptions.Rebind"/>).
    /// </summary>
    public Task<ModelHandle> PutAsync(
        torch.nn.Module module, PutModuleOptions? options = null, IProgress<PutProgress>? progress = null, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>Puts a state dictionary: tensors by name, tied ones recognised by their storage.</summary>
    public Task<ModelHandle> PutStateAsync(
        IReadOnlyDictionary<string, torch.Tensor> state, PutOptions? options = null, IProgress<PutProgress>? progress = null, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>Opens a model with its prototype: the same object for the same model, type and device.</summary>
    /// <exception cref="ZeroCopy.Errors.RecipeUnavailableException">Nothing here can build the module.</exception>
    /// <exception cref="ZeroCopy.Errors.BindingException">The tensors do not fit the module.</exception>
    public TorchModel<TModule> Open<TModule>(ModelHandle model, OpenOptions<TModule>? options = null)
        where TModule : torch.nn.Module =>
        throw new NotImplementedException();

    /// <summary>
    /// Views of a model's tensors by name, tied ones under each of their names. They keep their blocks mapped; the caller disposes them.
    /// </summary>
    /// <exception cref="ZeroCopy.Errors.ModelNotFoundException">No such model.</exception>
    public IReadOnlyDictionary<string, torch.Tensor> OpenState(ModelHandle model) => throw new NotImplementedException();

    /// <summary>Disposes prototypes and idle skeletons. Instances still rented stay valid until they are given back.</summary>
    public void Dispose() => throw new NotImplementedException();
}
