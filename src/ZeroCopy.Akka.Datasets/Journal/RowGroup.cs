using ZeroCopy.Datasets.Formats;
using ZeroCopy.Datasets.Rows;

namespace ZeroCopy.Datasets.Journal;

/// <summary>
/// Collects batches until they are enough for one piece of a file, such as a row group of Parquet. What is enough depends on the rows
/// alone, so that a job in two runs makes the same pieces as in one. Not thread-safe.
/// </summary>
internal sealed class RowGroup(DatasetFormat format)
{
    private const int MaxRows = 1 << 16;
    private const long MaxBytes = 8L << 20;
    private readonly List<RowChunk> _parts = [];
    private long _bytes;
    private int _rows;

    public bool IsEmpty => _parts.Count == 0;

    /// <summary>The batches that were added since the last was full.</summary>
    public IReadOnlyList<RowChunk> Batches => _parts;

    /// <summary>Whether the next batch belongs into another group.</summary>
    public bool IsFull => _rows >= MaxRows || _bytes >= MaxBytes || (!IsEmpty && !HasGroups);

    // Files of lines or of one array are the same however they were written.
    private bool HasGroups => format is DatasetFormat.Parquet or DatasetFormat.Arrow or DatasetFormat.ArrowStream;

    public void Add(RowChunk rows)
    {
        _parts.Add(rows);
        _rows += rows.Rows;
        _bytes += rows.ByteLength;
    }

    /// <summary>The rows, one after the other; the group is empty then.</summary>
    public RowChunk Take()
    {
        var rows = RowChunk.Concat(_parts);
        _parts.Clear();
        (_rows, _bytes) = (0, 0);
        return rows;
    }
}
