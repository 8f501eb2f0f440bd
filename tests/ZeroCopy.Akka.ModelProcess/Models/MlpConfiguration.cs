using System.Text.Json.Serialization;
using ZeroCopy.Manifests;
using ZeroCopy.Torch.Catalog;

namespace ZeroCopy.ModelProcess.Models;

/// <summary>What a catalog builds an <see cref="Mlp"/> with.</summary>
public sealed record MlpConfiguration
{
    [JsonPropertyName("layers")]
    public required int Layers { get; init; }

    [JsonPropertyName("width")]
    public required int Width { get; init; }

    /// <summary>The recipe of the case "28 MB mlp".</summary>
    public static Recipe.Catalog Recipe { get; } = new("mlp", """{"layers":7,"width":1024}""");

    public static ModelCatalog Catalog() => new ModelCatalog().Register<Mlp, MlpConfiguration>(
        "mlp", (configuration, build) => new Mlp(configuration.Layers, configuration.Width, build.Device));
}
