using System.Globalization;
using System.Text;
using ZeroCopy.Datasets.Rows;
using ZeroCopy.Tensors;

namespace ZeroCopy.Datasets.Binding;

/// <summary>Makes the named tensors of a call of the rows of a chunk. Thread-safe.</summary>
internal sealed class TensorBinder(BindingPlan plan)
{
    /// <summary>The inputs of one call. They may lie in the chunk's memory.</summary>
    /// <exception cref="RowException">A row cannot be part of the call; the others may be.</exception>
    /// <exception cref="DatasetException">No call takes such rows, or so many.</exception>
    public IReadOnlyList<NamedTensor> Bind(RowChunk rows)
    {
        var inputs = new List<NamedTensor>();
        foreach (var input in plan.Inputs)
        {
            var columns = input.Columns.Select(column => rows.Find(column.Name)!).ToArray();
            if (input.IsText)
            {
                AddTexts(input, columns[0], inputs);
            }
            else if (columns.Length > 1)
            {
                inputs.Add(Stacked(input, [.. columns.Select((column, index) => Typed(input, input.Columns[index], column))]));
            }
            else
            {
                AddTensor(input, Typed(input, input.Columns[0], columns[0]), inputs);
            }
        }

        return inputs;
    }

    /// <summary>Of each row why it cannot be part of a call with most of the others; null where it can.</summary>
    public string?[] FindFaults(RowChunk rows)
    {
        var faults = new string?[rows.Rows];
        var shapes = plan.Inputs.Where(input => input is { IsText: false, Padding: null, Columns.Length: 1 })
            .Select(input => (Input: input, Rows: new string[rows.Rows])).ToList();
        for (var row = 0; row < rows.Rows; row++)
        {
            try
            {
                var one = rows.Slice(row, 1);
                Bind(one);
                foreach (var (input, shape) in shapes)
                {
                    var column = Typed(input, input.Columns[0], one.Find(input.Columns[0].Name)!);
                    shape[row] = string.Join(", ", RowShapes.Uniform(column));
                }
            }
            catch (RowException fault)
            {
                faults[row] = fault.Message;
            }
        }

        foreach (var (input, shape) in shapes)
        {
            var good = Enumerable.Range(0, rows.Rows).Where(row => faults[row] is null).ToList();
            var usual = good.GroupBy(row => shape[row]).MaxBy(group => group.Count())?.Key;
            foreach (var row in good.Where(row => shape[row] != usual))
            {
                faults[row] = RowShapes.Reason(input.Columns[0].Name, shape[row], usual);
            }
        }

        return faults;
    }

    private static void AddTexts(InputBinding input, Column column, List<NamedTensor> inputs)
    {
        for (var row = 0; row < column.Rows; row++)
        {
            if (column.IsNull(row))
            {
                throw Null(input, column, row);
            }

            var name = input.Signature.Type == "str" ? input.Name : string.Create(CultureInfo.InvariantCulture, $"{input.Name}.{row}");
            inputs.Add(NamedTensor.OfText(name, Encoding.UTF8.GetString(TextColumns.Decode(column, row))));
        }

        if (input.Signature.Type == "str" && column.Rows > 1)
        {
            throw new DatasetException($"The input '{input.Name}' takes one text a call; use --batch-size 1.");
        }
    }

    // As numbers of the input's type, none of them null.
    private static Column Typed(InputBinding input, ColumnType type, Column column)
    {
        for (var row = 0; row < column.Nulls.Length; row++)
        {
            if (column.Nulls.Span[row])
            {
                throw Null(input, column, row);
            }
        }

        var typed = column.Type.Kind == ElementKind.Number ? column : NumberColumnBuilder.Build(column, input.DType, type.Depth);
        if (!typed.ElementNulls.IsEmpty)
        {
            var (low, high) = typed.Range(typed.Type.Depth);
            var first = typed.ElementNulls.Span[low..high].IndexOf(true);
            if (first >= 0)
            {
                throw Null(input, column, RowOf(typed, first));
            }
        }

        if (typed.Type.DType == input.DType)
        {
            return typed;
        }

        var numbers = typed.Numbers();
        var converted = RowMemory.Allocate(
            input.Name, typed.Rows, (long)numbers.Length / typed.Type.DType.ElementSize() * input.DType.ElementSize());
        var failed = NumberConversion.Convert(typed.Type.DType, numbers.Span, input.DType, converted);
        if (failed >= 0)
        {
            Span<byte> text = stackalloc byte[NumberText.Room];
            var size = typed.Type.DType.ElementSize();
            var length = NumberText.Format(typed.Type.DType, numbers.Span.Slice(failed * size, size), text);
            throw new RowException(
                RowOf(typed, failed), $"'{column.Type.Name}' has {Encoding.UTF8.GetString(text[..length])}, which "
                    + $"{input.DType.ToToken()} cannot hold.");
        }

        return typed.WithNumbers(input.DType, converted);
    }

    private static NamedTensor Stacked(InputBinding input, Column[] columns)
    {
        if (columns.FirstOrDefault(column => column.Type.Depth > 0) is { } list)
        {
            throw new DatasetException(
                $"Column '{list.Type.Name}' is {list.Type}; only columns of single numbers are stacked to the one input '{input.Name}'.");
        }

        var (rows, size) = (columns[0].Rows, input.DType.ElementSize());
        var data = RowMemory.Allocate(input.Name, rows, (long)rows * columns.Length * size);
        for (var column = 0; column < columns.Length; column++)
        {
            var source = columns[column].Data.Span;
            for (var row = 0; row < rows; row++)
            {
                source.Slice(row * size, size).CopyTo(data.AsSpan((row * columns.Length + column) * size));
            }
        }

        return new NamedTensor(input.Name, new HostTensor(new TensorLayout(input.DType, rows, columns.Length), data));
    }

    private static void AddTensor(InputBinding input, Column column, List<NamedTensor> inputs)
    {
        if (input.Padding is { } padding)
        {
            PaddedRows.Add(input, column, padding, inputs);
            return;
        }

        long[] shape = [column.Rows, .. RowShapes.Uniform(column)];
        inputs.Add(new NamedTensor(input.Name, new HostTensor(new TensorLayout(input.DType, Fitted(input, shape)), column.Numbers())));
    }

    // A row's numbers may be written in fewer or more dimensions than the model has for them; what counts is that they are as many.
    private static long[] Fitted(InputBinding input, long[] shape)
    {
        var wanted = input.Signature.Shape;
        if (wanted.IsDefault || wanted.Length < 2 || wanted.Length == shape.Length)
        {
            return shape;
        }

        var known = wanted.Skip(1).Where(size => size >= 0).Aggregate(1L, (product, size) => product * size);
        var elements = shape.Skip(1).Aggregate(1L, (product, size) => product * size);
        var open = wanted.Skip(1).Count(size => size < 0);
        return (open == 0 && known == elements) || (open == 1 && known > 0 && elements % known == 0)
            ? [shape[0], .. wanted.Skip(1).Select(size => size < 0 ? elements / known : size)]
            : shape;
    }

    private static RowException Null(InputBinding input, Column column, int row) =>
        new(row, $"'{column.Type.Name}' is null, or holds one, and the input '{input.Name}' takes none.");

    // The row that has an element, counted from the first element of the rows.
    private static int RowOf(Column column, int element)
    {
        for (var row = 0; row < column.Rows; row++)
        {
            var (low, high) = column.Slice(row, 1).Range(column.Type.Depth);
            if (column.Type.Depth == 0)
            {
                return element;
            }

            element -= high - low;
            if (element < 0)
            {
                return row;
            }
        }

        return column.Rows - 1;
    }
}
