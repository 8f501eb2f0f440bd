using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Torch.Tests.Modules;

/// <summary>TorchSharp's containers.</summary>
internal sealed class ContainerModule : Module<Tensor, Tensor>
{
    private readonly ModuleList<Linear> _list = new(Linear(8, 8), Linear(8, 8));
    private readonly ModuleDict<Linear> _named = new();
    private readonly ParameterList _values = new(Parameter(randn(8)), Parameter(randn(8)));
    private readonly ParameterDict _namedValues = new();

    public ContainerModule()
        : base(nameof(ContainerModule))
    {
        _named.Add("a", Linear(8, 8));
        _named.Add("b", Linear(8, 8));
        _namedValues.Add("x", Parameter(randn(8)));
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        foreach (var layer in _list)
        {
            x = layer.forward(x);
        }

        x = _named["b"].forward(_named["a"].forward(x));
        return x + _values[0] * _values[1] + _namedValues["x"];
    }
}
