namespace ZeroCopy.Datasets.Jobs;

/// <summary>How far a batch job is.</summary>
/// <param name="Done">Rows of the dataset that are answered or failed, those of earlier runs too.</param>
/// <param name="Failed">Rows that failed.</param>
/// <param name="Total">Rows of the dataset; null where it is not known before all is read.</param>
/// <param name="ResumedAt">The row at which this run began.</param>
public readonly record struct BatchProgress(long Done, long Failed, long? Total, long ResumedAt)
{
    /// <summary>
    /// Share of the job that is done, from 0 to 1: by rows where their number is known, else by the bytes of the files that hold them.
    /// </summary>
    public double? Share { get; init; }
}
