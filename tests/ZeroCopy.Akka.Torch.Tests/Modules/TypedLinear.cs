using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Torch.Tests.Modules;

/// <summary>A layer in another element type.</summary>
internal sealed class TypedLinear : Module<Tensor, Tensor>
{
    private readonly Linear _linear;
    private readonly ScalarType _type;

    public TypedLinear(ScalarType type)
        : base(nameof(TypedLinear))
    {
        _type = type;
        _linear = Linear(16, 16, dtype: type);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) => _linear.forward(x.to(_type)).to(ScalarType.Float32);
}
