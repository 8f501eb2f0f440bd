using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.ModelProcess.Models;

/// <summary>A layer in another element type than its input.</summary>
public sealed class Converted : Module<Tensor, Tensor>
{
    private readonly Linear _layer;
    private readonly ScalarType _type;

    public Converted(ScalarType type)
        : base(nameof(Converted))
    {
        _type = type;
        _layer = Linear(8, 4, dtype: type);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        return _layer.forward(input.to(_type)).MoveToOuterDisposeScope();
    }
}
