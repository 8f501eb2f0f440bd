namespace ZeroCopy.Datasets.Rows;

/// <summary>A row that cannot be read, and counts as one none the less.</summary>
/// <param name="Row">Its place in the chunk.</param>
/// <param name="Reason">What is wrong there, after its line where the file has lines.</param>
internal sealed record BrokenRow(int Row, string Reason);
