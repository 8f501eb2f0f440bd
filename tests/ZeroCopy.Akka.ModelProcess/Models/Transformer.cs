using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.ModelProcess.Models;

/// <summary>Token ids [length, batch] to states [length, batch, 32], through layers of libtorch's own and of .NET.</summary>
public sealed class Transformer : Module<Tensor, Tensor>
{
    private readonly Embedding _tokens = Embedding(100, 32);
    private readonly Parameter _positions = Parameter(randn(16, 1, 32));
    private readonly MultiheadAttention _attention = MultiheadAttention(32, 4);
    private readonly LayerNorm _norm = LayerNorm([32]);
    private readonly Linear _head = Linear(32, 32);

    public Transformer()
        : base(nameof(Transformer)) => RegisterComponents();

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var states = _tokens.forward(input) + _positions.narrow(0, 0, input.shape[0]);
        var (attended, _) = _attention.call(states, states, states, null, false, null);
        return _head.forward(_norm.forward(states + attended)).MoveToOuterDisposeScope();
    }
}
