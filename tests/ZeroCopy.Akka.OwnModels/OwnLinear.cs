using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.OwnModels;

/// <summary>One layer.</summary>
public sealed class OwnLinear : Module<Tensor, Tensor>
{
    private readonly TorchSharp.Modules.Linear _layer;

    public OwnLinear(OwnConfiguration configuration, Device device)
        : base(nameof(OwnLinear))
    {
        _layer = Linear(configuration.Inputs, configuration.Outputs, device: device);
        register_module("layer", _layer);
    }

    public override Tensor forward(Tensor input) => _layer.call(input);
}
