using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.ModelProcess.Models;

/// <summary>Square layers, 4 x width² bytes each, whose weights are the same in every process and different in every layer.</summary>
public sealed class Mlp : Module<Tensor, Tensor>
{
    private readonly ModuleList<Linear> _layers = [];

    public Mlp(int layers, int width, Device device)
        : base(nameof(Mlp))
    {
        using var frozen = no_grad();
        for (var i = 0; i < layers; i++)
        {
            var layer = Linear(width, width, device: META);
            layer.weight = Parameter(Values(width * width, i, device).reshape(width, width), requires_grad: false);
            layer.bias = Parameter(Values(width, i, device), requires_grad: false);
            _layers.Add(layer);
        }

        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        foreach (var layer in _layers)
        {
            input = layer.forward(input).relu();
        }

        return input.MoveToOuterDisposeScope();
    }

    private static Tensor Values(int count, int seed, Device device) =>
        device.type == TorchSharp.DeviceType.META ? empty(count, device: device) : linspace(-0.01, 0.011 + (0.001 * seed), count);
}
