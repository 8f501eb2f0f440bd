using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Torch.Tests.Modules;

/// <summary>A native embedding and a managed layer with one weight.</summary>
internal sealed class TiedEmbedding : Module<Tensor, Tensor>
{
    private readonly Embedding _embedding = Embedding(20, 8);
    private readonly Linear _decoder = Linear(8, 20, hasBias: false);
    private readonly Parameter _weight = Parameter(randn(20, 8));

    public TiedEmbedding()
        : base(nameof(TiedEmbedding))
    {
        _embedding.weight = _weight;
        _decoder.weight = _weight;
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) => _decoder.forward(_embedding.forward(x));
}
