using ZeroCopy.Torch.Native;
using static TorchSharp.torch;

namespace ZeroCopy.Torch.Models.Bert;

/// <summary>One layer of the encoder: self-attention and feed-forward, each with a residual and a norm behind it.</summary>
internal sealed class BertLayer : nn.Module<Tensor, Tensor?, Tensor>
{
    // In an array, because TorchSharp registers every field that holds a module, under the field's own name.
    private readonly BertNode[] _nodes;
    private readonly Func<Tensor, Tensor> _activation;
    private readonly int _heads;
    private readonly double _epsilon;

    public BertLayer(BertConfiguration configuration, BertParts parts)
        : base(nameof(BertLayer))
    {
        var hidden = configuration.HiddenSize;
        _activation = BertActivation.For(configuration.Activation);
        _heads = configuration.Heads;
        _epsilon = configuration.NormEpsilon;
        _nodes =
        [
            parts.Linear("query", hidden, hidden), parts.Linear("key", hidden, hidden), parts.Linear("value", hidden, hidden),
            parts.Linear("dense", hidden, hidden), parts.Norm(),
            parts.Linear("dense", hidden, configuration.IntermediateSize),
            parts.Linear("dense", configuration.IntermediateSize, hidden),
            parts.Norm(),
        ];
        register_module("attention", new BertNode("attention")
            .With("self", new BertNode("self").With("query", Query).With("key", Key).With("value", Value))
            .With("output", new BertNode("output").With("dense", Attended).With("LayerNorm", AttendedNorm)));
        register_module("intermediate", new BertNode("intermediate").With("dense", Intermediate));
        register_module("output", new BertNode("output").With("dense", Output).With("LayerNorm", OutputNorm));
    }

    private BertNode Query => _nodes[0];

    private BertNode Key => _nodes[1];

    private BertNode Value => _nodes[2];

    private BertNode Attended => _nodes[3];

    private BertNode AttendedNorm => _nodes[4];

    private BertNode Intermediate => _nodes[5];

    private BertNode Output => _nodes[6];

    private BertNode OutputNorm => _nodes[7];

    public override Tensor forward(Tensor states, Tensor? mask)
    {
        using var scope = NewDisposeScope();
        var context = nn.functional.scaled_dot_product_attention(
            Heads(Query, states), Heads(Key, states), Heads(Value, states), attn_mask: mask!);
        var projected = Attended.Linear(context.transpose(1, 2).reshape(states.shape));
        var attended = AttendedNorm.Norm(projected.add_(states, HeldNumber.One), _epsilon);
        var inner = _activation(Intermediate.Linear(attended));
        return OutputNorm.Norm(Output.Linear(inner).add_(attended, HeldNumber.One), _epsilon).MoveToOuterDisposeScope();
    }

    private Tensor Heads(BertNode projection, Tensor states) =>
        projection.Linear(states).view(states.shape[0], states.shape[1], _heads, -1).transpose(1, 2);
}
