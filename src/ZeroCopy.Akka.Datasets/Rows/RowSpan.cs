namespace ZeroCopy.Datasets.Rows;

/// <summary>Rows that lie one after the other in a file.</summary>
/// <param name="File">The file, as the user named it.</param>
/// <param name="First">Number of the first one in the file, from 0.</param>
/// <param name="Count">How many.</param>
internal sealed record RowSpan(string File, long First, int Count);
