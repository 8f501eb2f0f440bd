using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Torch.Tests.Modules;

/// <summary>Two layers with one weight.</summary>
internal sealed class TiedLinears : Module<Tensor, Tensor>
{
    private readonly Linear _a = Linear(8, 8);
    private readonly Linear _b = Linear(8, 8);

    public TiedLinears()
        : base(nameof(TiedLinears))
    {
        _b.weight = _a.weight;
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) => _b.forward(_a.forward(x));
}
