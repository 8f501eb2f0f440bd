using ZeroCopy.Torch.Models.Bert;

namespace ZeroCopy.Node.Bench.Scale;

/// <summary>The points at which <see cref="ScaleSuite"/> measures, each list ascending.</summary>
internal sealed record ScaleSizes
{
    /// <summary>Sizes of a model in KiB, up to 1.7 GiB; it has <see cref="TensorsOfBytes"/> tensors.</summary>
    public IReadOnlyList<int> Kibibytes { get; init; } = [1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1024 << 10, 1740 << 10];

    public int TensorsOfBytes { get; init; } = 64;

    /// <summary>Numbers of tensors in a model of <see cref="KibibytesOfTensors"/>.</summary>
    public IReadOnlyList<int> Tensors { get; init; } = [10, 100, 1000, 10_000];

    public int KibibytesOfTensors { get; init; } = 64 << 10;

    /// <summary>Numbers of instances of <see cref="Instance"/> in one process.</summary>
    public IReadOnlyList<int> Instances { get; init; } = [1, 2, 4, 8, 16, 32, 64];

    /// <summary>The model of the instances: BERT-base's vocabulary, 110 MiB, so that 64 private copies fit into the memory of a small machine.</summary>
    public BertConfiguration Instance { get; init; } = new() { HiddenSize = 512, Layers = 4, Heads = 8, IntermediateSize = 2048 };

    /// <summary>Numbers of other models in a store.</summary>
    public IReadOnlyList<int> Models { get; init; } = [1, 10, 100, 1000, 5000];

    /// <summary>How often each point is measured.</summary>
    public int Rounds { get; init; } = 5;
}
