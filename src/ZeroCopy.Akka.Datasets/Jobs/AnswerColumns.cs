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

    /// <summary>The first row that has a not-a-number in one of the columns; -1 where none has.</summary>
    public static (int Row, string Column) FindNaN(ImmutableArray<Column> columns)
    {
        foreach (var column in columns)
        {
            var size = column.Type.Kind == ElementKind.Number ? column.Type.DType.ElementSize() : 1;
            var data = column.Data.Span;
            var element = column.Type is not { Kind: ElementKind.Number } ? -1 : column.Type.DType switch
            {
                DType.Float16 => FirstNaN(MemoryMarshal.Cast<byte, Half>(data)),
                DType.Float32 or DType.Complex64 => FirstNaN(MemoryMarshal.Cast<byte, float>(data)),
                DType.Float64 or DType.Complex128 => FirstNaN(MemoryMarshal.Cast<byte, double>(data)),
                DType.BFloat16 => MemoryMarshal.Cast<byte, ushort>(data).IndexOfAnyNaN(),
                _ => -1,
            };
            if (element >= 0)
            {
                var part = column.Type.DType is DType.Complex64 or DType.Complex128 ? size / 2 : size;
                return ((int)((long)element * part * column.Rows / data.Length), column.Type.Name);
            }
        }

        return (-1, "");
    }

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

    private static int FirstNaN<T>(ReadOnlySpan<T> values)
        where T : unmanaged, System.Numerics.IFloatingPointIeee754<T>
    {
        for (var i = 0; i < values.Length; i++)
        {
            if (T.IsNaN(values[i]))
            {
                return i;
            }
        }

        return -1;
    }

    private static int IndexOfAnyNaN(this ReadOnlySpan<ushort> halves)
    {
        for (var i = 0; i < halves.Length; i++)
        {
            if ((halves[i] & 0x7FFF) > 0x7F80)
            {
                return i;
            }
        }

        return -1;
    }
}
