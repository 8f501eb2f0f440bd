using TorchSharp;
using ZeroCopy.Content;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Torch.Binding;
using ZeroCopy.Torch.Checkpoints;
using ZeroCopy.Torch.Guards;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Views;

namespace ZeroCopy.Torch;

public sealed partial class TorchRuntime
{
    /// <summary>
    /// Puts a live module's tensors: parameters, buffers and transient buffers, ties kept, memory order kept. The module answers as
    /// before and is not retained (see <see cref="PutModuleOptions.Rebind"/>): this process's prototype is a clone on the stored tensors,
    /// with native layers (embeddings, recurrent layers, attention) built anew. Tensors on a device are copied to the host first.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// A tensor is on META, or on a device where the module is to be rebound, or not stored: sparse, or quantised.
    /// </exception>
    /// <exception cref="StoreFullException">No room before the deadline of puts.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled, or the store was disposed meanwhile.</exception>
    /// <exception cref="ObjectDisposedException">The runtime is disposed.</exception>
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
                _live.Add(lease, module, options.Rebind);
            }

            return lease;
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    /// <summary>Puts a state dictionary: tensors by name, tied ones recognised by their storage.</summary>
    /// <exception cref="ArgumentException">A tensor is on META, sparse or quantised.</exception>
    /// <exception cref="StoreFullException">No room before the deadline of puts.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled, or the store was disposed meanwhile.</exception>
    /// <exception cref="ObjectDisposedException">The runtime is disposed.</exception>
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
    /// Puts a TorchScript module: its weights as blocks, its code as a skeleton without weights. The given module is left as it is.
    /// </summary>
    /// <exception cref="InvalidModelException">What libtorch saves of it cannot be loaded again, or not be shared.</exception>
    /// <exception cref="StoreFullException">No room before the deadline of puts.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled, or the store was disposed meanwhile.</exception>
    /// <exception cref="ObjectDisposedException">The runtime is disposed.</exception>
    public async Task<ModelHandle> PutScriptAsync(
        torch.jit.ScriptModule module, PutOptions? options = null, IProgress<PutProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        using var lease = await PutScriptLeasedAsync(module, options, progress, cancellationToken).ConfigureAwait(false);
        return lease.Handle;
    }

    /// <summary>As <see cref="PutScriptAsync"/>, with a lease that no other process's put comes before. The caller disposes it.</summary>
    internal async Task<ModelLease> PutScriptLeasedAsync(
        torch.jit.ScriptModule module, PutOptions? options = null, IProgress<PutProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        // Through a file, so that the weights are streamed and the module's own are never touched.
        var folder = Directory.CreateTempSubdirectory("zerocopy-script-");
        try
        {
            var path = Path.Combine(folder.FullName, "script.pt");
            torch.jit.save(module, path);
            return await PutFileAsync(
                path,
                content => Store.PutAndAcquireAsync(content, "put of a script", options, progress, cancellationToken),
                cancellationToken)
                .ConfigureAwait(false);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>
    /// Puts a model from a file or folder: TorchScript (<c>.pt</c>, <c>.pth</c>), <c>.safetensors</c>, <c>.safetensors.index.json</c>,
    /// TorchSharp's <c>.dat</c>, or a Hugging Face folder (<c>config.json</c> and weights) whose <c>model_type</c> the catalog knows.
    /// Streams: the file is never held in memory.
    /// </summary>
    /// <exception cref="FileNotFoundException">Nothing is there.</exception>
    /// <exception cref="ZeroCopy.Errors.InvalidModelException">
    /// Not a model, corrupt, or of a kind that cannot be put; the message says what to do.
    /// </exception>
    public Task<ModelHandle> PutFileAsync(
        string path, PutOptions? options = null, IProgress<PutProgress>? progress = null, CancellationToken cancellationToken = default) =>
        PutFileAsync(path, content => Store.PutAsync(content, options, progress, cancellationToken), cancellationToken);

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

    private Task<T> PutFileAsync<T>(string path, Func<ModelContent, Task<T>> put, CancellationToken cancellationToken) =>
        Task.Run(
            async () =>
            {
                using var checkpoint = ModelFile.Open(path, Catalog, cancellationToken);
                return await put(checkpoint.Content).ConfigureAwait(false);
            },
            cancellationToken);

    /// <summary>Throws where a module to rebind has tensors that cannot become views of the store, before anything is put.</summary>
    private static void RequireHost(torch.nn.Module module)
    {
        foreach (var (name, tensor, _, _) in ModuleState.Read(module))
        {
            if (tensor.device_type is not (DeviceType.CPU or DeviceType.META))
            {
                throw new ArgumentException(
                    $"{name} is on {tensor.device}, and only a module on the CPU can be handed over to the store: move it there first, or "
                    + "put it without PutModuleOptions.Rebind.",
                    nameof(module));
            }
        }
    }
}
