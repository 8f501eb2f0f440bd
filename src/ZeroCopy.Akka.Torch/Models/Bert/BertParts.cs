using TorchSharp;
using TorchSharp.Modules;
using ZeroCopy.Torch.Native;
using static TorchSharp.torch;

namespace ZeroCopy.Torch.Models.Bert;

/// <summary>Makes the parameters of a BERT: empty ones on META, initialised ones elsewhere.</summary>
internal sealed class BertParts(BertConfiguration configuration, Device device, ScalarType dtype)
{
    public BertNode Table(string name, long rows) => new(name, Weight(rows, configuration.HiddenSize));

    public BertNode Linear(string name, long inputs, long outputs) => new(name, Weight(outputs, inputs), Filled(0, outputs));

    public BertNode Norm() => new("LayerNorm", Filled(1, configuration.HiddenSize), Filled(0, configuration.HiddenSize));

    private Parameter Weight(long rows, long columns)
    {
        var weight = empty([rows, columns], dtype: dtype, device: device);
        if (device.type != DeviceType.META)
        {
            nn.init.normal_(weight, 0, configuration.InitializerRange);
        }

        return new Parameter(weight, requires_grad: false);
    }

    private Parameter Filled(double value, long size)
    {
        var tensor = empty([size], dtype: dtype, device: device);
        if (device.type != DeviceType.META)
        {
            HeldNumber.Use(value, tensor.fill_);
        }

        return new Parameter(tensor, requires_grad: false);
    }
}
