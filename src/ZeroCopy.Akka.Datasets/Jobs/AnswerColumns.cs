using System.Collections.Immutable;
using System.Runtime.InteropServices;
using ZeroCopy.Datasets.Rows;
using ZeroCopy.Endpoints;
using ZeroCopy.Tensors;

namespace ZeroCopy.Datasets.Jobs;

/// <summary>The outputs of a call as columns, one row for each row of its inputs.</summary>
internal static class AnswerColumns
{
    /// <summary>Copies the outputs.</summary>
    /// <exception cref="DatasetException">An output has another number of rows than the inputs, or none at all.</exception>
    public static ImmutableArray<Column> Of(ModelAnswer answer, int rows)
    {
        if (answer.Outputs.IsEmpty)
        {
            throw new DatasetException("The model answers with nothing, so there is nothing to write.");
        }

        return [.. answer.Outputs.Select(output => Of(output, rows))];
    }

    /// <summary>Of each row the name of the first column where it has a not-a-number; null where it has none.</summary>
    public static string?[] FindNaN(ImmutableArray<Column> columns, int rows)
    {
        var found = new string?[rows];
        foreach (var column in columns.Where(column => column.Type.Kind == ElementKind.Number))
        {
            Mark(column, found);
        }

        return found;
    }

    private static Column Of(NamedTensor output, int rows)
    {
        var name = output.Name.Length == 0 ? "output" : output.Name;
        if (output.IsText)
        {
            return rows == 1 ? new Column(ColumnType.Text(name), 1, output.Data.ToArray(), [new[] { 0, output.Data.Length }])
                : throw new DatasetException(
                    $"The model's output '{name}' is one text for {rows} rows of input; use --batch-size 1, so that each row has its own.");
        }

        if (output.Shape.Length == 0 || output.Shape[0] != rows)
        {
            var found = output.Shape.Length == 0 ? "one number" : $"{output.Shape[0]} rows";
            throw new DatasetException(
                $"The model's output '{name}' has {found} for {rows} rows of input; a batch needs an answer of shape [rows, …]. "
                + "Choose another method, or a model that answers row by row.");
        }

        return Column.OfTensor(name, output.DType, output.Shape.AsSpan(), output.Data.ToArray());
    }

    private static void Mark(Column column, string?[] found)
    {
        switch (column.Type.DType)
        {
            case DType.Float16:
                Mark<Half>(column, Half.IsNaN, found);
                break;
            case DType.Float32 or DType.Complex64:
                Mark<float>(column, float.IsNaN, found);
                break;
            case DType.Float64 or DType.Complex128:
                Mark<double>(column, double.IsNaN, found);
                break;
            case DType.BFloat16:
                Mark<ushort>(column, half => (half & 0x7FFF) > 0x7F80, found);
                break;
        }
    }

    // All rows of an answer are of one shape.
    private static void Mark<T>(Column column, Func<T, bool> isNaN, string?[] found)
        where T : unmanaged
    {
        var values = MemoryMarshal.Cast<byte, T>(column.Numbers().Span);
        for (var i = 0; i < values.Length; i++)
        {
            if (isNaN(values[i]))
            {
                found[(long)i * column.Rows / values.Length] ??= column.Type.Name;
            }
        }
    }
}
