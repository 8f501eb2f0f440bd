namespace ZeroCopy.Datasets.Rows;

/// <summary>One row cannot be used; others of its batch may be.</summary>
internal sealed class RowException(int row, string reason) : Exception(reason)
{
    /// <summary>Its place in the chunk.</summary>
    public int Row { get; } = row;
}
