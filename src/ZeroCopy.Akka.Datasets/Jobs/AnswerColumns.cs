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

    /// <summary>The first row that has a not-a-number, and the first column where it has one; -1 where none has.</summary>
    public static (int Row, string Column) FindNaN(ImmutableArray<Column> columns) => columns
        .Select(column => (Row: RowOfNaN(column), Column: column.Type.Name)).Where(found => found.Row >= 0)
        .DefaultIfEmpty((Row: -1, Column: "")).MinBy(found => found.Row);

    private static Column Of(NamedTensor output, int rows)
    {
        var name = output.Name.Length == 0 ? "output" : output.Name;
        if (output.IsText && rows == 1)
        {
            return new Column(ColumnType.Text(name), 1, output.Data.ToArray(), [new[] { 0, output.Data.Length }]);
        }

        if (output.IsText || output.Shape.Length == 0 || output.Shape[0] != rows)
        {
            var found = output.IsText ? "one text" : output.Shape.Length == 0 ? "one number" : $"{output.Shape[0]} rows";
            throw new DatasetException(
                $"The model's output '{name}' has {found} for {rows} rows of input; a batch needs an answer of shape [rows, …]. "
                + "Choose another method, or a model that answers row by row.");
        }

        return Column.OfTensor(name, output.DType, output.Shape.AsSpan(), output.Data.ToArray());
    }

    private static int RowOfNaN(Column column) => column.Type.Kind != ElementKind.Number ? -1 : column.Type.DType switch
    {
        DType.Float16 => RowOfFirst<Half>(column, Half.IsNaN),
        DType.Float32 or DType.Complex64 => RowOfFirst<float>(column, float.IsNaN),
        DType.Float64 or DType.Complex128 => RowOfFirst<double>(column, double.IsNaN),
        DType.BFloat16 => RowOfFirst<ushort>(column, half => (half & 0x7FFF) > 0x7F80),
        _ => -1,
    };

    // All rows of an answer are of one shape.
    private static int RowOfFirst<T>(Column column, Func<T, bool> isWanted)
        where T : unmanaged
    {
        var values = MemoryMarshal.Cast<byte, T>(column.Numbers().Span);
        for (var i = 0; i < values.Length; i++)
        {
            if (isWanted(values[i]))
            {
                return (int)((long)i * column.Rows / values.Length);
            }
        }

        return -1;
    }
}
