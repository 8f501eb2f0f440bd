using ZeroCopy.Datasets.Rows;

namespace ZeroCopy.Datasets.Binding;

/// <summary>Shapes of the rows of columns of lists.</summary>
internal static class RowShapes
{
    /// <summary>The shape that all rows have; empty for single numbers.</summary>
    /// <exception cref="RowException">A row has another shape than most.</exception>
    public static long[] Uniform(Column column)
    {
        var shape = new long[column.Type.Depth];
        var (low, high) = (0, column.Rows);
        for (var level = 0; level < shape.Length; level++)
        {
            var places = column.Offsets[level].Span[low..(high + 1)];
            shape[level] = places.Length > 1 ? places[1] - places[0] : 0;
            for (var i = 1; i < places.Length; i++)
            {
                if (places[i] - places[i - 1] != shape[level])
                {
                    throw Ragged(column);
                }
            }

            (low, high) = (places[0], places[^1]);
        }

        return shape;
    }

    /// <summary>Why a row of another shape than most is none of a call.</summary>
    /// <param name="column">The column's name.</param>
    /// <param name="shape">The row's shape.</param>
    /// <param name="usual">That of most rows; null where a row has none itself.</param>
    public static string Reason(string column, string shape, string? usual) =>
        $"'{column}' has the shape [{shape}] here" + (usual is null ? "" : $" and [{usual}] in most rows of the batch")
        + "; make all rows of one length, or fill them up with --pad INPUT=VALUE.";

    private static RowException Ragged(Column column)
    {
        var shapes = Enumerable.Range(0, column.Rows).Select(row => Of(column, row)).ToList();
        var usual = shapes.Where(shape => !shape.Contains('?')).GroupBy(shape => shape).MaxBy(group => group.Count())?.Key;
        var odd = Math.Max(0, shapes.FindIndex(shape => shape != usual));
        return new RowException(odd, Reason(column.Type.Name, shapes[odd], usual));
    }

    private static string Of(Column column, int row)
    {
        var sizes = new List<string>();
        var (low, high) = (row, row + 1);
        for (var level = 0; level < column.Type.Depth; level++)
        {
            var places = column.Offsets[level].Span[low..(high + 1)];
            var lengths = new HashSet<int>();
            for (var i = 1; i < places.Length; i++)
            {
                lengths.Add(places[i] - places[i - 1]);
            }

            sizes.Add(lengths.Count == 1 ? $"{lengths.Single()}" : lengths.Count == 0 ? "0" : "?");
            (low, high) = (places[0], places[^1]);
        }

        return string.Join(", ", sizes);
    }
}
