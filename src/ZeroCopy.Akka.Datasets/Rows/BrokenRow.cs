namespace ZeroCopy.Datasets.Rows;

/// <summary>A row of a file of lines that is no row, and counts as one none the less: all of its values are null.</summary>
/// <param name="Row">Its place in the chunk.</param>
/// <param name="Reason">Its line, and what is wrong there.</param>
internal sealed record BrokenRow(int Row, string Reason);
