using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ZeroCopy.Product.Tests.Models;

/// <summary>A user's own class, not sealed, with a virtual method and a private one.</summary>
public class Encoder : nn.Module<Tensor, Tensor>
{
    private readonly Linear _inner;

    public Encoder()
        : this(8, 4)
    {
    }

    public Encoder(long inputs, long outputs)
        : base(nameof(Encoder))
    {
        _inner = nn.Linear(inputs, outputs);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input) => _inner.forward(input).relu();

    public virtual Tensor Encode(Tensor input, double? scale)
    {
        using var scope = NewDisposeScope();
        return (_inner.forward(input) * (scale ?? 1.0)).MoveToOuterDisposeScope();
    }

    public virtual Tensor Hidden(Tensor input) => Secret(input);

    private Tensor Secret(Tensor input) => _inner.forward(input);
}
