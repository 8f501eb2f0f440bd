using System.Collections.Immutable;
using ZeroCopy.Datasets.Binding;

namespace ZeroCopy.Datasets.Jobs;

/// <summary>What a batch job reads, calls and writes.</summary>
public sealed record BatchJobOptions
{
    /// <summary>Rows of one call where nothing else is said.</summary>
    public const int DefaultBatchSize = 32;

    /// <summary>Files, or patterns of files, which are one dataset in this order; see <c>Formats</c>.</summary>
    public required ImmutableArray<string> Inputs { get; init; }

    /// <summary>The file that appears when all rows are done; its extension names the format.</summary>
    public required string Output { get; init; }

    /// <summary>What a run that goes on must find again: the id of the model. Not read otherwise.</summary>
    public string ModelId { get; init; } = "";

    /// <summary>The method to call; empty for the endpoint's own.</summary>
    public string Method { get; init; } = "";

    /// <summary>Rows of one call; the last one may have fewer. At least 1.</summary>
    public int BatchSize { get; init; } = DefaultBatchSize;

    /// <summary>How columns go to inputs.</summary>
    public BindingOptions Binding { get; init; } = new();

    /// <summary>Columns of the dataset that the output has too, before the model's.</summary>
    public ImmutableArray<string> Keep { get; init; } = [];

    /// <summary>Whether rows that fail are left out and reported; else the first one ends the job.</summary>
    public bool SkipFailed { get; init; }

    /// <summary>Whether a row with a not-a-number in its answer has failed.</summary>
    public bool FailOnNaN { get; init; }

    /// <summary>How many rows are read at most; null for all.</summary>
    public long? Limit { get; init; }

    /// <summary>Whether to go on where an earlier run of the same job ended, if one did.</summary>
    public bool Resume { get; init; }

    /// <summary>Whether an output that is there already is replaced.</summary>
    public bool Force { get; init; }

    /// <summary>Calls that run at the same time. At least 1.</summary>
    public int CallsInFlight { get; init; } = 2;

    /// <summary>
    /// Bytes of rows and of their answers that are not written yet and let no further row be read; answers of as many let no further call
    /// begin. One batch is always taken.
    /// </summary>
    public long MaxBytesInFlight { get; init; } = 32L << 20;

    /// <summary>Time between two states that a later run can go on from, at least.</summary>
    public TimeSpan CommitInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Time from a batch's call to its answer; null for no limit.</summary>
    public TimeSpan? Timeout { get; init; }
}
