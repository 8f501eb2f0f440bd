using System.Text.Json;
using ZeroCopy.Manifests;
using ZeroCopy.Torch.Catalog;
using static TorchSharp.torch;

namespace ZeroCopy.Bench.Suites.Scale;

/// <summary>
/// Linear layers of one weight each: a model whose bytes and whose number of tensors are chosen apart. It is loaded, never called.
/// </summary>
internal sealed class LinearStack : nn.Module
{
    private const string Key = "linear-stack";
    private readonly TorchSharp.Modules.ModuleList<TorchSharp.Modules.Linear> _layers;

    public LinearStack(LinearStackConfiguration configuration, Device? device = null)
        : base(nameof(LinearStack))
    {
        _layers = nn.ModuleList([.. Enumerable.Range(0, configuration.Tensors).Select(
            _ => nn.Linear(LinearStackConfiguration.Columns, configuration.Rows, hasBias: false, device: device))]);
        RegisterComponents();
        eval();
    }

    public static ModelCatalog Catalog() => new ModelCatalog().Register<LinearStack, LinearStackConfiguration>(
        Key, (configuration, build) => new LinearStack(configuration, build.Device));

    public static Recipe.Catalog RecipeOf(LinearStackConfiguration configuration) => new(Key, JsonSerializer.Serialize(configuration));

    /// <summary>Constructed and loaded from a TorchSharp file, as a program without the product does it.</summary>
    public static LinearStack Load(LinearStackConfiguration configuration, string file)
    {
        var module = new LinearStack(configuration);
        module.load(file);
        return module;
    }
}
