using TorchSharp;
using ZeroCopy.Manifests;
using ZeroCopy.Runtime;
using ZeroCopy.Store;

namespace ZeroCopy.Torch;

public sealed partial class TorchRuntime
{
    /// <summary>Puts a TorchScript module: its weights as blocks, its code as a skeleton without weights. The given module is left as it is.</summary>
    public Task<ModelHandle> PutScriptAsync(
        torch.jit.ScriptModule module, PutOptions? options = null, IProgress<PutProgress>? progress = null, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>
    /// Puts a model from a file or folder: TorchScript (<c>.pt</c>, <c>.pth</c>), <c>.safetensors</c>, <c>.safetensors.index.json</c>, TorchSharp's
    /// <c>.dat</c>, or a Hugging Face folder (<c>config.json</c> and weights) whose <c>model_type</c> the catalog knows. Streams: the file is never
    /// held in memory.
    /// </summary>
    /// <exception cref="FileNotFoundException">Nothing is there.</exception>
    /// <exception cref="ZeroCopy.Errors.InvalidModelException">Not a model, corrupt, or of a kind that cannot be put; the message says what to do.</exception>
    public Task<ModelHandle> PutFileAsync(
        string path, PutOptions? options = null, IProgress<PutProgress>? progress = null, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>
    /// Opens a model by whatever recipe its manifest has: a script, or a type of the catalog. The same object for the same model.
    /// </summary>
    /// <exception cref="ZeroCopy.Errors.RecipeUnavailableException">The model is weights only, or its type is not registered here.</exception>
    public IInstanceSource OpenAny(ModelHandle model) => throw new NotImplementedException();
}
