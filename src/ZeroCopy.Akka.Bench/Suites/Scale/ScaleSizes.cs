using ZeroCopy.Torch.Models.Bert;

namespace ZeroCopy.Bench.Suites.Scale;

/// <summary>The points at which <see cref="ScaleSuite"/> measures, each list ascending.</summary>
internal sealed record ScaleSizes
{
    /// <summary>Sizes of a model in KiB, up to 1.7 GiB; it has <see cref="TensorsOfBytes"/> tensors.</summary>
    public IReadOnlyList<int> Kibibytes { get; init; } = [1 << 10, 8 << 10, 64 << 10, 512 << 10, 1740 << 10];

    public int TensorsOfBytes { get; init; } = 64;

    /// <summary>Numbers of tensors in a model of <see cref="KibibytesOfTensors"/>.</summary>
    public IReadOnlyList<int> Tensors { get; init; } = [10, 100, 1000, 10_000];

    public int KibibytesOfTensors { get; init; } = 64 << 10;

    /// <summary>Numbers of instances of <see cref="Instance"/> in one process.</summary>
    public IReadOnlyList<int> Instances { get; init; } = [1, 2, 4, 8, 16, 32, 64];

    /// <summary>The model of the instances: a BERT of 43 MiB, so that 64 private copies fit into the memory of a small machine.</summary>
    public BertConfiguration Instance { get; init; } = new() { HiddenSize = 256, Layers = 4, Heads = 4, IntermediateSize = 1024 };

    /// <summary>Numbers of other models in a store.</summary>
    public IReadOnlyList<int> Models { get; init; } = [1, 10, 100, 1000, 5000];

    /// <summary>How often each point is measured.</summary>
    public int Rounds { get; init; } = 5;

    /// <summary>How often it is where a round takes seconds: large models, and instances.</summary>
    public int LongRounds { get; init; } = 3;
}
