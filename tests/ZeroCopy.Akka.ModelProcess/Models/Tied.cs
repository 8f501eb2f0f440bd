using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.ModelProcess.Models;

/// <summary>An embedding, a decoder with the same weight, and two layers with one weight.</summary>
public sealed class Tied : Module<Tensor, Tensor>
{
    private readonly Embedding _embedding = Embedding(20, 8);
    private readonly Linear _first = Linear(8, 8);
    private readonly Linear _second = Linear(8, 8);
    private readonly Linear _decoder = Linear(8, 20, hasBias: false);

    public Tied()
        : base(nameof(Tied))
    {
        var weight = Parameter(randn(20, 8));
        _embedding.weight = weight;
        _decoder.weight = weight;
        _second.weight = _first.weight;
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        return _decoder.forward(_second.forward(_first.forward(_embedding.forward(input)))).MoveToOuterDisposeScope();
    }
}
