using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Torch.Tests.Modules;

/// <summary>An encoder like BERT, of any size.</summary>
internal sealed class SmallBert : Module<Tensor, Tensor>
{
    private readonly Embedding _tokens;
    private readonly Embedding _positions;
    private readonly LayerNorm _norm;
    private readonly ModuleList<BertBlock> _blocks;
    private readonly Linear _pool;

    public SmallBert(Device device, int layers, int width, int vocabulary, Tensor? tokens = null, Tensor? positions = null)
        : base(nameof(SmallBert))
    {
        _tokens = tokens is null ? Embedding(vocabulary, width) : Embedding_from_pretrained(tokens);
        _positions = positions is null ? Embedding(512, width) : Embedding_from_pretrained(positions);
        _norm = LayerNorm([width], device: device);
        _blocks = new([.. Enumerable.Range(0, layers).Select(_ => new BertBlock(device, width))]);
        _pool = Linear(width, width, device: device);
        RegisterComponents();
    }

    public override Tensor forward(Tensor ids)
    {
        using var scope = NewDisposeScope();
        var x = _norm.forward(_tokens.forward(ids) + _positions.forward(arange(ids.shape[1], dtype: ScalarType.Int64, device: ids.device)));
        foreach (var block in _blocks)
        {
            x = block.forward(x);
        }

        return functional.tanh(_pool.forward(x.select(1, 0))).MoveToOuterDisposeScope();
    }
}
