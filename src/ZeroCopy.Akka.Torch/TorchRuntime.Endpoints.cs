using TorchSharp;
using ZeroCopy.Endpoints;
using ZeroCopy.Manifests;
using ZeroCopy.Torch.Endpoints;
using ZeroCopy.Torch.Script;

namespace ZeroCopy.Torch;

public sealed partial class TorchRuntime
{
    /// <summary>
    /// How a model of the store is called by named tensors: on the instances of <see cref="OpenAny"/>, whatever its recipe is. The methods
    /// of a script are read from its manifest; those of a module are the public ones of its class that take tensors, numbers and texts, for
    /// which a class that may have subclasses is built once.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="device">Where instances run, and inputs are copied to; null for the CPU.</param>
    /// <exception cref="ZeroCopy.Errors.RecipeUnavailableException">
    /// The model is weights only, or its type is not registered here.
    /// </exception>
    /// <exception cref="ZeroCopy.Errors.DeviceUnavailableException">
    /// This process has no such device, or the script cannot run on it.
    /// </exception>
    public ICallBinder BinderOf(ModelHandle model, torch.Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ObjectDisposedException.ThrowIf(_disposed, this);
        var manifest = Store.ReadManifest(model.Id);
        // Nothing of libtorch is loaded to say how a script is called on the CPU.
        var place = device is null || device.type == DeviceType.CPU ? null : RequireDevice(model, manifest, device);
        if (manifest.Recipe is Recipe.Script)
        {
            return new ScriptBinder(model.ToString(), ScriptFacts.FromMetadata(manifest.Metadata), place);
        }

        var type = manifest.Recipe is Recipe.Catalog recipe && Catalog.TypeOf(recipe.Key) is { IsSealed: true } known
            ? known
            : Open(model, new OpenOptions<torch.nn.Module> { Device = device }).Type;
        return MethodBinder.Of(model.ToString(), type, place);
    }
}
