using TorchSharp;

namespace ZeroCopy;

/// <summary>How a data set is mapped in batches.</summary>
public sealed record MapBatchesOptions : MapOptions
{
    /// <summary>Rows of a batch, at least 1; the last batch may have fewer.</summary>
    public int BatchSize { get; init; } = 32;

    /// <summary>Number of actors, at least 1.</summary>
    public int Actors { get; init; } = 4;

    /// <summary>Where the instances run; null for the CPU.</summary>
    public torch.Device? Device { get; init; }
}
