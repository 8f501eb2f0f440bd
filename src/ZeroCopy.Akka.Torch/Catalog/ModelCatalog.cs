using TorchSharp;

namespace ZeroCopy.Torch.Catalog;

/// <summary>
/// The model types that this process can build: key + JSON configuration in, module out. A key that a manifest or a message names is only
/// ever looked up here. Thread-safe.
/// </summary>
public sealed class ModelCatalog
{
    /// <summary>Registers a model type under a key, such as Hugging Face's <c>model_type</c>.</summary>
    /// <exception cref="ArgumentException">The key is taken.</exception>
    public ModelCatalog Register<TModule, TConfiguration>(string key, Func<TConfiguration, ModelBuild, TModule> factory)
        where TModule : torch.nn.Module
        where TConfiguration : notnull =>
        throw new NotImplementedException();

    /// <summary>The registered keys.</summary>
    public IReadOnlyCollection<string> Keys => throw new NotImplementedException();

    /// <summary>Whether the key is registered.</summary>
    public bool Contains(string key) => throw new NotImplementedException();
}
