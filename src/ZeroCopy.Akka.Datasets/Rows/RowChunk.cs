using System.Collections.Immutable;

namespace ZeroCopy.Datasets.Rows;

/// <summary>Some rows of a dataset. Immutable.</summary>
/// <param name="Columns">The columns, each with as many rows.</param>
/// <param name="Rows">Number of rows.</param>
/// <param name="Origin">Where the rows came from; empty where they were made here.</param>
internal sealed record RowChunk(ImmutableArray<Column> Columns, int Rows, ImmutableArray<RowSpan> Origin)
{
    public RowChunk(ImmutableArray<Column> columns, int rows)
        : this(columns, rows, [])
    {
    }

    /// <summary>Rows that are none, in their order.</summary>
    public ImmutableArray<BrokenRow> Broken { get; init; } = [];

    /// <summary>Bytes that the rows take.</summary>
    public long ByteLength => Columns.Sum(column => column.ByteLength);

    public Column? Find(string name) => Columns.FirstOrDefault(column => column.Type.Name == name);

    public RowChunk Slice(int start, int count) => start == 0 && count == Rows
        ? this
        : new RowChunk([.. Columns.Select(column => column.Slice(start, count))], count, SliceOrigin(start, count))
        {
            Broken = Broken.IsEmpty ? [] :
            [
                .. Broken.Where(broken => broken.Row >= start && broken.Row < start + count)
                    .Select(broken => broken with { Row = broken.Row - start }),
            ],
        };

    /// <summary>Some of the rows, in their order; in memory of their own where they do not follow each other.</summary>
    /// <param name="rows">Their places, one at least.</param>
    public RowChunk Pick(ReadOnlySpan<int> rows)
    {
        var parts = new List<RowChunk>();
        while (!rows.IsEmpty)
        {
            var count = 1;
            while (count < rows.Length && rows[count] == rows[0] + count)
            {
                count++;
            }

            parts.Add(Slice(rows[0], count));
            rows = rows[count..];
        }

        return Concat(parts);
    }

    /// <summary>The next rows of a file of lines; null where there are none.</summary>
    /// <param name="builders">Its columns.</param>
    /// <param name="path">The file.</param>
    /// <param name="first">Number of the first row in the file, from 0.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="broken">Those that are none.</param>
    public static RowChunk? Of(
        IEnumerable<ColumnBuilder> builders, string path, long first, int rows, IReadOnlyList<BrokenRow> broken) => rows == 0
        ? null
        : new RowChunk([.. builders.Select(builder => builder.Build())], rows, [new RowSpan(path, first, rows)]) { Broken = [.. broken] };

    /// <summary>The rows of several chunks with the same columns, one after the other.</summary>
    public static RowChunk Concat(IReadOnlyList<RowChunk> parts) => parts.Count == 1
        ? parts[0]
        : new RowChunk(
            [.. parts[0].Columns.Select((_, index) => Column.Concat([.. parts.Select(part => part.Columns[index])]))],
            parts.Sum(part => part.Rows),
            [.. parts.SelectMany(part => part.Origin)])
        {
            Broken = parts.All(part => part.Broken.IsEmpty) ? [] : [.. ShiftedBroken(parts)],
        };

    /// <summary>The file of a row, and its number there from 0.</summary>
    public (string File, long Row) Locate(int row)
    {
        foreach (var span in Origin)
        {
            if (row < span.Count)
            {
                return (span.File, span.First + row);
            }

            row -= span.Count;
        }

        throw new ArgumentOutOfRangeException(nameof(row));
    }

    private static IEnumerable<BrokenRow> ShiftedBroken(IReadOnlyList<RowChunk> parts)
    {
        var from = 0;
        foreach (var part in parts)
        {
            foreach (var broken in part.Broken)
            {
                yield return broken with { Row = from + broken.Row };
            }

            from += part.Rows;
        }
    }

    private ImmutableArray<RowSpan> SliceOrigin(int start, int count)
    {
        var spans = ImmutableArray.CreateBuilder<RowSpan>();
        foreach (var span in Origin)
        {
            var (low, high) = (Math.Max(0, start), Math.Min(span.Count, start + count));
            if (low < high)
            {
                spans.Add(span with { First = span.First + low, Count = high - low });
            }

            start -= span.Count;
        }

        return spans.ToImmutable();
    }
}
