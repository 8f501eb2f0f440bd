using TorchSharp;

namespace ZeroCopy.Torch.Catalog;

/// <summary>What is registered under a key.</summary>
/// <param name="Type">The class, which modules may derive from.</param>
/// <param name="Build">Builds a module of a configuration in JSON.</param>
/// <param name="Adapt">Brings a folder's checkpoint to the module's names; null where it has them already.</param>
internal sealed record ModelType(
    Type Type, Func<string, ModelBuild, torch.nn.Module> Build, Func<ModelCheckpoint, ModelCheckpoint>? Adapt);
