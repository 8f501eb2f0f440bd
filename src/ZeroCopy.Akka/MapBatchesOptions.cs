using TorchSharp;
using ZeroCopy.Actors.Settings;

namespace ZeroCopy;

/// <summary>How a data set is mapped in batches.</summary>
public sealed record MapBatchesOptions : MapOptions
{
    /// <summary>Rows of a batch, at least 1; the last batch may have fewer.</summary>
    public int BatchSize { get; init; } = 32;

    /// <summary>Number of actors, at least 1; where they grow and shrink, as many as there are at first.</summary>
    public int Actors { get; init; } = 4;

    /// <summary>
    /// Has actors come and go between two numbers by how many of them are busy; null: there are as many as at first. A decision is taken
    /// every <see cref="ResizerSettings.MessagesPerResize"/> batches.
    /// </summary>
    public ResizerSettings? Resizer { get; init; }

    /// <summary>Whether answers come in the order of their rows; else those of a batch come as soon as they are there.</summary>
    public bool IsOrdered { get; init; } = true;

    /// <summary>
    /// How often a batch is tried whose actor crashes, that no actor takes or no node answers, at least 1, with a pause between. A further
    /// attempt goes to whichever actor has the least to do; rows are kept for it where they are given away. A batch that waited for its
    /// turn for a good part of its deadline is tried again in any case.
    /// </summary>
    public int Attempts { get; init; } = 1;

    /// <summary>
    /// Gets the rows that are skipped, in their order, before the answers to the rest of their batch. Null: the first one ends the map. The
    /// function runs on the halves of a batch that fails, down to the row that is bad, so that its neighbours are answered; it may see a
    /// good row several times.
    /// Skipped is a row alone that the model or its inputs fail (<see cref="Errors.InferenceFailure.ModelError"/>,
    /// <see cref="Errors.InferenceFailure.InvalidInput"/>), that takes longer than the deadline, crashes its actor in each attempt, or is
    /// more than a message holds, as <c>zerocopy batch --on-error skip</c> does; a model that is not there or the pool's end say nothing of
    /// a row, and end the map.
    /// </summary>
    public Action<FailedRow>? OnFailedRow { get; init; }

    /// <summary>Where the instances run; null for the CPU.</summary>
    public torch.Device? Device { get; init; }

    internal int MostActors => Math.Max(Actors, Resizer?.MaxSize ?? 0);
}
