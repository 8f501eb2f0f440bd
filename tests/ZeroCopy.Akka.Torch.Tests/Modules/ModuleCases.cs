using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static ZeroCopy.Torch.Tests.Modules.CaseInputs;

namespace ZeroCopy.Torch.Tests.Modules;

/// <summary>Every kind of module whose weights are shared.</summary>
public static class ModuleCases
{
    public static readonly IReadOnlyList<ModuleCase> All =
    [
        new(
            "Sequential",
            () => Sequential(("a", Linear(8, 16)), ("r", ReLU()), ("b", Linear(16, 4))),
            m => ((Sequential)m).forward(Reals(3, 8))),
        new(
            "Conv2d and BatchNorm2d",
            () => Sequential(("c", Conv2d(3, 8, 3)), ("bn", BatchNorm2d(8))),
            m => ((Sequential)m).forward(Reals(2, 3, 8, 8))),
        new("ConvTranspose2d", () => Sequential(("c", ConvTranspose2d(3, 8, 3))), m => ((Sequential)m).forward(Reals(2, 3, 8, 8))),
        new(
            "LayerNorm and GroupNorm",
            () => Sequential(("ln", LayerNorm([8])), ("gn", Initialised(GroupNorm(2, 4)))),
            m => ((Sequential)m).forward(Reals(3, 4, 8))),
        new("PReLU", () => Sequential(("a", Linear(8, 8)), ("p", PReLU(8, 0.1))), m => ((Sequential)m).forward(Reals(3, 8))),
        new("Embedding", () => Embedding(20, 8), m => ((Embedding)m).forward(Ids(20, 2, 5))),
        new("EmbeddingBag", () => EmbeddingBag(20, 8), m => ((EmbeddingBag)m).forward(Ids(20, 2, 5), null, null)),
        new("LSTM", () => LSTM(8, 8, numLayers: 2, bidirectional: true), m => ((LSTM)m).forward(Reals(5, 2, 8), null).Item1),
        new("GRU", () => GRU(8, 8, numLayers: 2), m => ((GRU)m).forward(Reals(5, 2, 8), null).Item1),
        new("RNN", () => RNN(8, 8), m => ((RNN)m).forward(Reals(5, 2, 8), null).Item1),
        new("LSTMCell", () => LSTMCell(8, 8), m => ((LSTMCell)m).forward(Reals(2, 8), (Reals(2, 8), Reals(2, 8))).Item1),
        new("GRUCell", () => GRUCell(8, 8), m => ((GRUCell)m).forward(Reals(2, 8), null)),
        new("MultiheadAttention", () => MultiheadAttention(16, 2), m => Attend((MultiheadAttention)m)),
        new(
            "TransformerEncoder",
            () => TransformerEncoder(TransformerEncoderLayer(16, 2, 32), 2),
            m => ((TransformerEncoder)m).call(Reals(5, 2, 16))),
        new("Transformer", () => Transformer(16, 2, 1, 1, 32), m => ((Transformer)m).forward(Reals(5, 2, 16), Reals(4, 2, 16))),
        new("lists and dictionaries", () => new ContainerModule(), m => ((ContainerModule)m).forward(Reals(3, 8))),
        new("tied parameter", () => new TiedParameter(), m => ((TiedParameter)m).forward(Reals(3, 8))),
        new("tied linears", () => new TiedLinears(), m => ((TiedLinears)m).forward(Reals(3, 8))),
        new("tied embedding", () => new TiedEmbedding(), m => ((TiedEmbedding)m).forward(Ids(20, 2, 5))),
        new("permuted parameter", () => new PermutedParameter(), m => ((PermutedParameter)m).forward(Reals(3, 8))),
        new("buffers of every type", () => new EveryBuffer(), m => ((EveryBuffer)m).forward(Reals(4))),
        new("Float16", () => new TypedLinear(ScalarType.Float16), m => ((TypedLinear)m).forward(Reals(3, 16))),
        new("BFloat16", () => new TypedLinear(ScalarType.BFloat16), m => ((TypedLinear)m).forward(Reals(3, 16))),
        new("closures and state", () => new StatefulModule(), m => ((StatefulModule)m).forward(Reals(3, 8))),
        new("small BERT", () => new SmallBert(CPU, 2, 128, 100), m => ((SmallBert)m).forward(Ids(100, 1, 8))),
    ];

    /// <summary>All names, for theories.</summary>
    public static TheoryData<string> Names => [.. All.Select(one => one.Name)];

    public static ModuleCase Get(string name) => All.Single(one => one.Name == name);

    /// <summary>TorchSharp leaves the weights of a group norm as the memory was.</summary>
    private static GroupNorm Initialised(GroupNorm norm)
    {
        init.normal_(norm.weight);
        init.normal_(norm.bias!);
        return norm;
    }

    private static Tensor Attend(MultiheadAttention attention)
    {
        var query = Reals(5, 2, 16);
        return attention.call(query, query, query, null, true, null).Item1;
    }
}
