using TorchSharp;

namespace ZeroCopy;

/// <summary>How a data set is mapped in batches.</summary>
public sealed record MapBatchesOptions : MapOptions
{
    /// <summary>Rows of a batch, at least 1; the last batch may have fewer.</summary>
    public int BatchSize { get; init; } = 32;

    /// <summary>Number of actors, at least 1.</summary>
    public int Actors { get; init; } = 4;

    /// <summary>
    /// Gets the rows that are skipped, in their order, before the answers to the rest of their batch. Null: the first one ends the map. The
    /// function runs on the halves of a batch that fails, down to the row that is bad, so that its neighbours are answered; it may see a
    /// good row several times.
    /// Skipped is what its own content fails (<see cref="Errors.InferenceFailure.ModelError"/>, <see
    /// cref="Errors.InferenceFailure.InvalidInput"/>); a deadline that
    /// passes, a model that is not there or the pool's end say nothing of a row, and end the map.
    /// </summary>
    public Action<FailedRow>? OnFailedRow { get; init; }

    /// <summary>Where the instances run; null for the CPU.</summary>
    public torch.Device? Device { get; init; }
}
