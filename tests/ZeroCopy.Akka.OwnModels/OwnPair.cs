using System.Text.Json.Serialization;
using ZeroCopy.Torch.Catalog;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.OwnModels;

/// <summary>Two layers whose checkpoints have other names: all that a model type takes, in one file.</summary>
public sealed class OwnPair : Module<Tensor, Tensor>
{
    private readonly TorchSharp.Modules.Linear _first;
    private readonly TorchSharp.Modules.Linear _second;

    private OwnPair(Configuration configuration, Device device)
        : base(nameof(OwnPair))
    {
        _first = Linear(configuration.Width, configuration.Width, hasBias: false, device: device);
        _second = Linear(configuration.Width, configuration.Width, hasBias: false, device: device);
        register_module("first", _first);
        register_module("second", _second);
    }

    public override Tensor forward(Tensor input) => _second.call(_first.call(input));

    // In the checkpoint "pair.layers.0.kernel" and "pair.layers.1.kernel", and a head that the model does not have.
    private static string? NameOf(string name) => name switch
    {
        "pair.layers.0.kernel" => "first.weight",
        "pair.layers.1.kernel" => "second.weight",
        _ => null,
    };

    public sealed record Configuration([property: JsonPropertyName("d_model")] int Width);

    public sealed class Types : IModelTypes
    {
        public void Register(ModelCatalog catalog) => catalog.Register<OwnPair, Configuration>(
            "own-pair",
            (configuration, build) => new OwnPair(configuration, build.Device),
            checkpoint => checkpoint.Rename(NameOf));
    }
}
