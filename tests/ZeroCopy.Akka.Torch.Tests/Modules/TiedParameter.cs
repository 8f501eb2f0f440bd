using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Torch.Tests.Modules;

/// <summary>One parameter under two names.</summary>
internal sealed class TiedParameter : Module<Tensor, Tensor>
{
    private readonly Parameter _first;
    private readonly Parameter _second;

    public TiedParameter()
        : base(nameof(TiedParameter))
    {
        _first = Parameter(randn(10, 8));
        _second = _first;
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) => functional.linear(functional.linear(x, _first), _second.t());
}
