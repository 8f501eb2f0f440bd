using System.Text.Json.Serialization;
using ZeroCopy.Torch.Catalog;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.OwnModels;

/// <summary>Adds its step to <c>x</c> as often as <c>times</c> says; its other weights only have a size.</summary>
public sealed class OwnCounter : Module<Tensor, Tensor, Tensor>
{
    private readonly TorchSharp.Modules.Parameter _step;

    private OwnCounter(Configuration configuration, Device device)
        : base(nameof(OwnCounter))
    {
        _step = new TorchSharp.Modules.Parameter(zeros(1, ScalarType.Float64, device: device), requires_grad: false);
        register_parameter("step", _step);
        for (var i = 0; i < configuration.Blocks; i++)
        {
            register_parameter(
                $"ballast{i}",
                new TorchSharp.Modules.Parameter(zeros(configuration.Elements, ScalarType.Float32, device: device), requires_grad: false));
        }
    }

    public override Tensor forward(Tensor x, Tensor times) => x + (_step * times);

    /// <summary>The further weights: how many there are, and how long each is.</summary>
    public sealed record Configuration(
        [property: JsonPropertyName("blocks")] int Blocks, [property: JsonPropertyName("elements")] int Elements);

    public sealed class Types : IModelTypes
    {
        public void Register(ModelCatalog catalog) => catalog.Register<OwnCounter, Configuration>(
            "own-counter", (configuration, build) => new OwnCounter(configuration, build.Device));
    }
}
