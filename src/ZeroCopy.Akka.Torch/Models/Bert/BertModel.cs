using ZeroCopy.Torch.Endpoints;
using ZeroCopy.Torch.Native;
using static TorchSharp.torch;

namespace ZeroCopy.Torch.Models.Bert;

/// <summary>
/// The BERT encoder, its parameters named as Hugging Face's <c>BertModel</c>. Keeps no state between calls. Source: J. Devlin et al.,
/// arXiv:1810.04805.
/// </summary>
public sealed class BertModel : nn.Module<Tensor, Tensor?, Tensor?, Dictionary<string, Tensor>>
{
    /// <summary>The key in the catalog: Hugging Face's <c>model_type</c>.</summary>
    public const string CatalogKey = "bert";

    private const string LastHiddenState = "last_hidden_state";
    private const string PoolerOutput = "pooler_output";
    private readonly BertConfiguration _configuration;
    // In an array, because TorchSharp registers every field that holds a module, under the field's own name.
    private readonly BertNode[] _nodes;
    private readonly BertLayer[] _layers;

    /// <summary>A model with fresh random weights; on META without any.</summary>
    /// <exception cref="ArgumentException">The configuration makes no model.</exception>
    public BertModel(BertConfiguration configuration, Device? device = null, ScalarType dtype = ScalarType.Float32)
        : base(nameof(BertModel))
    {
        configuration.Validate();
        _configuration = configuration;
        var parts = new BertParts(configuration, device ?? CPU, dtype);
        BertNode[] embeddings =
        [
            parts.Table("word_embeddings", configuration.VocabularySize), parts.Table("position_embeddings", configuration.MaxPositions),
            parts.Table("token_type_embeddings", configuration.SegmentTypes), parts.Norm(),
        ];
        _nodes = configuration.HasPooler
            ? [.. embeddings, parts.Linear("dense", configuration.HiddenSize, configuration.HiddenSize)]
            : embeddings;
        _layers = [.. Enumerable.Range(0, configuration.Layers).Select(_ => new BertLayer(configuration, parts))];
        register_module("embeddings", new BertNode("embeddings").With("word_embeddings", Words)
            .With("position_embeddings", Positions).With("token_type_embeddings", Types).With("LayerNorm", Norm));
        var layers = new BertNode("layer");
        for (var i = 0; i < _layers.Length; i++)
        {
            layers.With($"{i}", _layers[i]);
        }

        register_module("encoder", new BertNode("encoder").With("layer", layers));
        if (Pooler is not null)
        {
            register_module("pooler", new BertNode("pooler").With("dense", Pooler));
        }
    }

    private BertNode Words => _nodes[0];

    private BertNode Positions => _nodes[1];

    private BertNode Types => _nodes[2];

    private BertNode Norm => _nodes[3];

    private BertNode? Pooler => _nodes.Length > 4 ? _nodes[4] : null;

    /// <summary>
    /// Encodes sequences of shape [batch, tokens]: <c>last_hidden_state</c> [batch, tokens, hidden] and, where there is a pooler,
    /// <c>pooler_output</c> [batch, hidden]. The caller disposes both.
    /// </summary>
    /// <param name="input_ids">Token numbers, integers.</param>
    /// <param name="attention_mask">1 for tokens, 0 for padding; null for no padding.</param>
    /// <param name="token_type_ids">Segment numbers; null for all 0.</param>
    /// <exception cref="ArgumentException">
    /// A shape or a type does not fit, a number is outside the vocabulary or the segments, or a sequence is longer than the positions.
    /// </exception>
    [return: TensorValue(-1, -1, -1, Name = LastHiddenState)]
    [return: TensorValue(-1, -1, Name = PoolerOutput, IsOptional = true)]
    public override Dictionary<string, Tensor> forward(
        [TensorValue(-1, -1)] Tensor input_ids,
        [TensorValue(-1, -1)] Tensor? attention_mask = null,
        [TensorValue(-1, -1)] Tensor? token_type_ids = null)
    {
        using var scope = NewDisposeScope();
        CheckShapes(input_ids, attention_mask, token_type_ids);
        CheckNumbers(input_ids, nameof(input_ids), _configuration.VocabularySize, "vocab_size");
        if (token_type_ids is not null)
        {
            CheckNumbers(token_type_ids, nameof(token_type_ids), _configuration.SegmentTypes, "type_vocab_size");
        }

        var states = Embed(input_ids, token_type_ids);
        var mask = Mask(attention_mask, states);
        foreach (var layer in _layers)
        {
            states = layer.forward(states, mask);
        }

        var answer = new Dictionary<string, Tensor>(StringComparer.Ordinal) { [LastHiddenState] = states.MoveToOuterDisposeScope() };
        if (Pooler is not null)
        {
            answer[PoolerOutput] = tanh(Pooler.Linear(states[TensorIndex.Colon, 0])).MoveToOuterDisposeScope();
        }

        return answer;
    }

    private Tensor Embed(Tensor input, Tensor? types)
    {
        var words = Words.Lookup(input);
        var segments = types is null ? Types.Weight[0] : Types.Lookup(types);
        var places = Positions.Weight.narrow(0, 0, input.shape[1]);
        return Norm.Norm(words.add(segments, HeldNumber.One).add(places, HeldNumber.One), _configuration.NormEpsilon);
    }

    // Null where nothing is masked. Padding gets the type's lowest finite value, so that a row of padding alone has no NaN.
    private static Tensor? Mask(Tensor? attention, Tensor states)
    {
        if (attention is null)
        {
            return null;
        }

        var padding = attention.logical_not();
        if (!padding.any().item<bool>())
        {
            return null;
        }

        var mask = zeros_like(padding, dtype: states.dtype);
        return HeldNumber.Use(finfo(states.dtype).min, low => mask.masked_fill_(padding, low)).unsqueeze(1).unsqueeze(1);
    }

    private void CheckShapes(Tensor input, Tensor? attention, Tensor? types)
    {
        if (input.dim() != 2 || input.numel() == 0 || input.shape[1] > _configuration.MaxPositions)
        {
            throw new ArgumentException(
                $"input_ids has shape [{string.Join(", ", input.shape)}]; it must be [batch, tokens] with at least one token and at most "
                + $"{_configuration.MaxPositions} (max_position_embeddings).");
        }

        foreach (var (name, other) in new[] { ("attention_mask", attention), ("token_type_ids", types) })
        {
            if (other is not null && !other.shape.AsSpan().SequenceEqual(input.shape))
            {
                throw new ArgumentException(
                    $"{name} has shape [{string.Join(", ", other.shape)}]; it must be that of input_ids, "
                    + $"[{string.Join(", ", input.shape)}].");
            }
        }
    }

    // libtorch's own report names neither the number nor the limit, and on a GPU it ends the process's use of the device.
    private static void CheckNumbers(Tensor numbers, string name, long count, string limit)
    {
        if (numbers.dtype is not (ScalarType.Int64 or ScalarType.Int32 or ScalarType.Int16 or ScalarType.Int8 or ScalarType.Byte))
        {
            throw new ArgumentException($"{name} holds elements of type {numbers.dtype}; it must hold integers.");
        }

        var (low, high) = aminmax(numbers);
        var (first, last) = (low.to(int64).item<long>(), high.to(int64).item<long>());
        if (first < 0 || last >= count)
        {
            throw new ArgumentException(
                $"{name} holds {(first < 0 ? first : last)}; it must hold numbers from 0 to {count - 1} ({limit} is {count}).");
        }
    }
}
