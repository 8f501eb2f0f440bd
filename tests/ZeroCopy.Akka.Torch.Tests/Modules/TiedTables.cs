using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Torch.Tests.Modules;

/// <summary>Two native layers with one weight.</summary>
internal sealed class TiedTables : Module<Tensor, Tensor>
{
    private readonly Embedding _table = Embedding(20, 8);
    private readonly EmbeddingBag _bags = EmbeddingBag(20, 8);

    public TiedTables()
        : base(nameof(TiedTables))
    {
        var weight = Parameter(randn(20, 8));
        _table.weight = weight;
        _bags.weight = weight;
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) => _table.forward(x).sum(1) + _bags.forward(x, null, null);
}
