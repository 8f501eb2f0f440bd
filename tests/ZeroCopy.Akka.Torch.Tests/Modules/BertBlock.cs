using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Torch.Tests.Modules;

/// <summary>Self-attention with heads of 64, and two linear layers.</summary>
internal sealed class BertBlock : Module<Tensor, Tensor>
{
    private readonly Linear _query;
    private readonly Linear _key;
    private readonly Linear _value;
    private readonly Linear _output;
    private readonly Linear _up;
    private readonly Linear _down;
    private readonly LayerNorm _first;
    private readonly LayerNorm _second;

    public BertBlock(Device device, int width)
        : base(nameof(BertBlock))
    {
        _query = Linear(width, width, device: device);
        _key = Linear(width, width, device: device);
        _value = Linear(width, width, device: device);
        _output = Linear(width, width, device: device);
        _up = Linear(width, 4 * width, device: device);
        _down = Linear(4 * width, width, device: device);
        _first = LayerNorm([width], device: device);
        _second = LayerNorm([width], device: device);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var attended = functional.scaled_dot_product_attention(Heads(_query.forward(x)), Heads(_key.forward(x)), Heads(_value.forward(x)));
        var joined = attended.transpose(1, 2).reshape(x.shape);
        x = _first.forward(x + _output.forward(joined));
        return _second.forward(x + _down.forward(functional.gelu(_up.forward(x)))).MoveToOuterDisposeScope();

        Tensor Heads(Tensor t) => t.view(x.shape[0], x.shape[1], -1, 64).transpose(1, 2);
    }
}
