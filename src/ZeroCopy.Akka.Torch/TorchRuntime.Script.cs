using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Runtime;
using ZeroCopy.Store;
using ZeroCopy.Torch.Checkpoints;
using ZeroCopy.Torch.Devices;
using ZeroCopy.Torch.Script;
using ZeroCopy.Torch.Views;

namespace ZeroCopy.Torch;

public sealed partial class TorchRuntime
{
    /// <summary>Puts a TorchScript module: its weights as blocks, its code as a skeleton without weights. The given module is left as it is.</summary>
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
    /// Puts a model from a file or folder: TorchScript (<c>.pt</c>, <c>.pth</c>), <c>.safetensors</c>, <c>.safetensors.index.json</c>, TorchSharp's
    /// <c>.dat</c>, or a Hugging Face folder (<c>config.json</c> and weights) whose <c>model_type</c> the catalog knows. Streams: the file is never
    /// held in memory.
    /// </summary>
    /// <exception cref="FileNotFoundException">Nothing is there.</exception>
    /// <exception cref="ZeroCopy.Errors.InvalidModelException">Not a model, corrupt, or of a kind that cannot be put; the message says what to do.</exception>
    public Task<ModelHandle> PutFileAsync(
        string path, PutOptions? options = null, IProgress<PutProgress>? progress = null, CancellationToken cancellationToken = default) =>
        PutFileAsync(path, content => Store.PutAsync(content, options, progress, cancellationToken), cancellationToken);

    /// <summary>
    /// Opens a model by whatever recipe its manifest has: a script, or a type of the catalog. The same object for the same model and device.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="device">Where instances run; null for the CPU. A script runs on the CPU or a CUDA device, with the constants in its code.</param>
    /// <exception cref="ZeroCopy.Errors.RecipeUnavailableException">The model is weights only, or its type is not registered here.</exception>
    /// <exception cref="ZeroCopy.Errors.DeviceUnavailableException">This process has no such device, or the script cannot run on it.</exception>
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
        return (IInstanceSource)Opened((model.Id, typeof(ScriptProgram), place.ToString()), () => OpenScript(model, script, place));
    }

    /// <summary>Throws where a model could not be opened on a device, before anything is built.</summary>
    /// <exception cref="ZeroCopy.Errors.DeviceUnavailableException">This process has no such device, or the script cannot run on it.</exception>
    internal void RequireDevice(ModelHandle model, torch.Device? device)
    {
        // Whatever the model is, the CPU will do.
        if (device is not null && device.type != DeviceType.CPU)
        {
            RequireDevice(model, Store.ReadManifest(model.Id), device);
        }
    }

    private Task<T> PutFileAsync<T>(string path, Func<ModelContent, Task<T>> put, CancellationToken cancellationToken) =>
        Task.Run(
            async () =>
            {
                using var checkpoint = ModelFile.Open(path, Catalog, cancellationToken);
                return await put(checkpoint.Content).ConfigureAwait(false);
            },
            cancellationToken);

    private static torch.Device RequireDevice(ModelHandle model, Manifest manifest, torch.Device? device)
    {
        var script = manifest.Recipe is Recipe.Script;
        if (script && device is not null && device.type != DeviceType.CPU && ScriptFacts.FromMetadata(manifest.Metadata).HostOnly)
        {
            throw new DeviceUnavailableException(
                $"TorchScript model {model} runs on the CPU only, not on {device}: it holds objects of libtorch's own classes, such as the packed weights "
                + "of quantized layers.");
        }

        var place = DevicePlacement.Require(device);
        return !script || place.type is DeviceType.CPU or DeviceType.CUDA
            ? place
            : throw new DeviceUnavailableException($"TorchScript model {model} runs on the CPU or a CUDA device, not on {place}.");
    }

    private ScriptModel OpenScript(ModelHandle model, Recipe.Script script, torch.Device device)
    {
        var lease = Store.Acquire(model.Id, $"script {model}");
        try
        {
            return new ScriptModel(
                model.ToString(), lease.Manifest, lease.Bytes(script.Skeleton).ToArray(), isReadOnly => new LeaseViews(lease, isReadOnly), lease, device,
                _options);
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }
}
