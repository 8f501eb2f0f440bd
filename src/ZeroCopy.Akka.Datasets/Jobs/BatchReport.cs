namespace ZeroCopy.Datasets.Jobs;

/// <summary>What a batch job did.</summary>
/// <param name="Rows">Rows of the output.</param>
/// <param name="Failed">Rows that were left out.</param>
/// <param name="Seconds">Time that this run took.</param>
/// <param name="RowsPerSecond">Rows that this run answered, a second.</param>
/// <param name="ResumedAt">The row of the dataset at which this run began, from 0; behind the last one where all were done
/// before.</param>
/// <param name="Output">The output.</param>
/// <param name="FailedFile">The file that lists the rows that were left out, with their reasons; null where there are none.</param>
public sealed record BatchReport(
    long Rows, long Failed, double Seconds, double RowsPerSecond, long ResumedAt, string Output, string? FailedFile);
