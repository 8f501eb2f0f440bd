using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Torch.Tests.Modules;

/// <summary>A parameter of 10 x 8 that lies in memory column by column.</summary>
internal sealed class PermutedParameter : Module<Tensor, Tensor>
{
    private readonly Parameter _weight = Parameter(randn(8, 10).t());

    public PermutedParameter()
        : base(nameof(PermutedParameter)) => RegisterComponents();

    public override Tensor forward(Tensor x) => functional.linear(x, _weight);
}
