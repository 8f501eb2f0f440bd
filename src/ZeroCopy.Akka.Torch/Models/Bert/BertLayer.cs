using static TorchSharp.torch;

namespace ZeroCopy.Torch.Models.Bert;

/// <summary>One layer of the encoder: self-attention and feed-forward, each with a residual and a norm behind it.</summary>
internal sealed class BertLayer : nn.Module<Tensor, Tensor?, Tensor>
{
    private readonly BertNode _query;
    private readonly BertNode _key;
    private readonly BertNode _value;
    private readonly BertNode _attended;
    private readonly BertNode _attendedNorm;
    private readonly BertNode _intermediate;
    private readonly BertNode _output;
    private readonly BertNode _outputNorm;
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
        _query = parts.Linear("query", hidden, hidden);
        _key = parts.Linear("key", hidden, hidden);
        _value = parts.Linear("value", hidden, hidden);
        _attended = parts.Linear("dense", hidden, hidden);
        _attendedNorm = parts.Norm();
        _intermediate = parts.Linear("dense", hidden, configuration.IntermediateSize);
        _output = parts.Linear("dense", configuration.IntermediateSize, hidden);
        _outputNorm = parts.Norm();
        register_module("attention", new BertNode("attention")
            .With("self", new BertNode("self").With("query", _query).With("key", _key).With("value", _value))
            .With("output", new BertNode("output").With("dense", _attended).With("LayerNorm", _attendedNorm)));
        register_module("intermediate", new BertNode("intermediate").With("dense", _intermediate));
        register_module("output", new BertNode("output").With("dense", _output).With("LayerNorm", _outputNorm));
    }

    public override Tensor forward(Tensor states, Tensor? mask)
    {
        using var scope = NewDisposeScope();
        var context = nn.functional.scaled_dot_product_attention(Heads(_query, states), Heads(_key, states), Heads(_value, states), attn_mask: mask!);
        var attended = _attendedNorm.Norm(_attended.Linear(context.transpose(1, 2).reshape(states.shape)).add_(states), _epsilon);
        var inner = _activation(_intermediate.Linear(attended));
        return _outputNorm.Norm(_output.Linear(inner).add_(attended), _epsilon).MoveToOuterDisposeScope();
    }

    private Tensor Heads(BertNode projection, Tensor states) =>
        projection.Linear(states).view(states.shape[0], states.shape[1], _heads, -1).transpose(1, 2);
}
