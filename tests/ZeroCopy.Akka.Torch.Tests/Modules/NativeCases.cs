using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static ZeroCopy.Torch.Tests.Modules.CaseInputs;

namespace ZeroCopy.Torch.Tests.Modules;

/// <summary>Layers that libtorch implements, with each option that changes an answer.</summary>
public static class NativeCases
{
    public static readonly IReadOnlyList<ModuleCase> All =
    [
        new("Embedding with padding", () => Embedding(20, 8, padding_idx: 3), m => ((Embedding)m).forward(Ids(20, 2, 5))),
        new("Embedding Float64", () => Embedding(20, 8, dtype: ScalarType.Float64), m => ((Embedding)m).forward(Ids(20, 2, 5))),
        new("EmbeddingBag sum", () => EmbeddingBag(20, 8, mode: EmbeddingBagMode.Sum), m => Bags((EmbeddingBag)m)),
        new("EmbeddingBag max", () => EmbeddingBag(20, 8, mode: EmbeddingBagMode.Max), m => Bags((EmbeddingBag)m)),
        new("EmbeddingBag mean with padding", () => EmbeddingBag(20, 8, padding_index: 3), m => Bags((EmbeddingBag)m)),
        new(
            "EmbeddingBag max with padding",
            () => EmbeddingBag(20, 8, mode: EmbeddingBagMode.Max, padding_index: 19),
            m => Bags((EmbeddingBag)m)),
        new("EmbeddingBag to the last offset", () => EmbeddingBag(20, 8, include_last_offset: true), m => Bags((EmbeddingBag)m)),
        new("EmbeddingBag BFloat16", () => EmbeddingBag(20, 8, padding_index: 2, dtype: ScalarType.BFloat16), m => Bags((EmbeddingBag)m)),
        new("tied tables", () => new TiedTables(), m => ((TiedTables)m).forward(Ids(20, 2, 5))),
        new("LSTM, batch first", () => LSTM(8, 4, bias: false, batchFirst: true), m => ((LSTM)m).forward(Reals(5, 2, 8), null).Item1),
        new("LSTM Float64", () => LSTM(8, 4, dtype: ScalarType.Float64), m => ((LSTM)m).forward(Reals(5, 2, 8).@double(), null).Item1),
        new(
            "GRU, both ways",
            () => GRU(8, 4, numLayers: 2, batchFirst: true, bidirectional: true),
            m => ((GRU)m).forward(Reals(5, 2, 8), null).Item1),
        new(
            "RNN ReLU",
            () => Frozen(RNN(8, 4, 2, NonLinearities.ReLU, batchFirst: true, bidirectional: true)),
            m => ((RNN)m).forward(Reals(5, 2, 8), null).Item1),
        new("RNN, no bias", () => RNN(8, 4, bias: false), m => ((RNN)m).forward(Reals(5, 2, 8), null).Item1),
        new("RNNCell", () => RNNCell(8, 4), m => ((RNNCell)m).forward(Reals(2, 8), null)),
        new("RNNCell ReLU", () => RNNCell(8, 4, NonLinearities.ReLU, bias: false), m => ((RNNCell)m).forward(Reals(2, 8), null)),
        new(
            "LSTMCell, no bias",
            () => LSTMCell(8, 4, bias: false),
            m => ((LSTMCell)m).forward(Reals(2, 8), (Reals(2, 4), Reals(2, 4))).Item1),
        new("GRUCell Float64", () => GRUCell(8, 4, dtype: ScalarType.Float64), m => ((GRUCell)m).forward(Reals(2, 8).@double(), null)),
        new("attention, no bias", () => MultiheadAttention(16, 8, bias: false), m => Attend((MultiheadAttention)m, 16)),
        new(
            "attention of other keys",
            () => MultiheadAttention(16, 4, add_bias_kv: true, add_zero_attn: true, kdim: 6, vdim: 6),
            m => Attend((MultiheadAttention)m, 6)),
        new("attention with a zero", () => MultiheadAttention(16, 1, add_zero_attn: true), m => Attend((MultiheadAttention)m, 16)),
        new(
            "encoder layer",
            () => TransformerEncoderLayer(16, 4, 32, activation: Activations.GELU),
            m => ((TransformerEncoderLayer)m).forward(Reals(5, 2, 16))),
        new(
            "encoder",
            () => TransformerEncoder(TransformerEncoderLayer(16, 4, 32, activation: Activations.GELU), 3),
            m => ((TransformerEncoder)m).call(Reals(5, 2, 16))),
        new(
            "decoder layer",
            () => TransformerDecoderLayer(16, 4, 32),
            m => ((TransformerDecoderLayer)m).call(Reals(5, 2, 16), Reals(4, 2, 16))),
        new(
            "decoder",
            () => TransformerDecoder(TransformerDecoderLayer(16, 4, 32), 2),
            m => ((TransformerDecoder)m).call(Reals(5, 2, 16), Reals(4, 2, 16))),
        new(
            "transformer",
            () => Transformer(16, 4, 2, 1, 32, activation: Activations.GELU),
            m => ((Transformer)m).forward(Reals(5, 2, 16), Reals(4, 2, 16))),
        new(
            "transformer Float64",
            () => Transformer(16, 2, 1, 2, 32).to(ScalarType.Float64),
            m => ((Transformer)m).forward(Reals(5, 2, 16).@double(), Reals(4, 2, 16).@double())),
    ];

    /// <summary>All names, for theories.</summary>
    public static TheoryData<string> Names => [.. All.Select(one => one.Name)];

    public static ModuleCase Get(string name) => All.Single(one => one.Name == name);

    /// <summary>Where gradients could be asked for, libtorch does not fuse the steps of such a layer, and rounds in between.</summary>
    private static RNN Frozen(RNN layer)
    {
        foreach (var weight in layer.parameters())
        {
            weight.requires_grad = false;
        }

        return layer;
    }

    /// <summary>Bags of two and three rows, with every row once; what the last offset means shows in the number of bags.</summary>
    private static Tensor Bags(EmbeddingBag bag) =>
        bag.forward(arange(20).to(Place), tensor(new long[] { 0, 2, 5, 7, 10, 12, 15, 17, 20 }).to(Place), null);

    private static Tensor Attend(MultiheadAttention attention, long keys) =>
        attention.call(Reals(5, 2, 16), Reals(3, 2, keys), Reals(3, 2, keys), null, true, null).Item1;
}
