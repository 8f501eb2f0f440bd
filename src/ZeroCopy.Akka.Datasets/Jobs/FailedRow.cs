namespace ZeroCopy.Datasets.Jobs;

/// <summary>A row that got no answer.</summary>
/// <param name="Row">Its number in the dataset, from 0.</param>
/// <param name="File">The file that it is in.</param>
/// <param name="RowInFile">Its number there, from 0.</param>
/// <param name="Reason">Why.</param>
internal sealed record FailedRow(long Row, string File, long RowInFile, string Reason)
{
    /// <summary>For example <c>'a.csv', row 17: …</c>.</summary>
    public override string ToString() => $"'{File}', row {RowInFile} (from 0): {Reason}";
}
