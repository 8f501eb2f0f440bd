using ZeroCopy.Datasets.Rows;
using ZeroCopy.Tensors;

namespace ZeroCopy.Datasets.Binding;

/// <summary>Lists of different lengths as one tensor, filled up at the end of each row, and its mask.</summary>
internal static class PaddedRows
{
    /// <exception cref="RowException">A row is longer than the model takes.</exception>
    /// <exception cref="DatasetException">
    /// The rows are no lists of numbers or more than a call takes, or the number that fills up does not fit.
    /// </exception>
    public static void Add(InputBinding input, Column column, double padding, List<NamedTensor> inputs)
    {
        if (column.Type.Depth != 1)
        {
            throw new DatasetException($"Column '{column.Type.Name}' is {column.Type}; only lists of numbers are padded.");
        }

        var size = input.DType.ElementSize();
        var fill = new byte[size];
        if (NumberConversion.Convert(DType.Float64, BitConverter.GetBytes(padding), input.DType, fill) >= 0)
        {
            throw new DatasetException($"--pad {input.Name}={padding} is no value of {input.DType.ToToken()}.");
        }

        var places = column.Offsets[0].Span;
        var width = Width(input, column);
        var data = RowMemory.Allocate(input.Name, column.Rows, (long)column.Rows * width * size);
        var mask = new byte[column.Rows * width];
        for (var row = 0; row < column.Rows; row++)
        {
            var source = column.Data.Span[(places[row] * size)..(places[row + 1] * size)];
            var target = data.AsSpan(row * width * size, width * size);
            source.CopyTo(target);
            for (var at = source.Length; at < target.Length; at += size)
            {
                fill.CopyTo(target[at..]);
            }

            mask.AsSpan(row * width, source.Length / size).Fill(1);
        }

        inputs.Add(new NamedTensor(input.Name, new HostTensor(new TensorLayout(input.DType, column.Rows, width), data)));
        if (input.Mask is { } name)
        {
            var typed = RowMemory.Allocate(name, column.Rows, (long)mask.Length * input.MaskDType.ElementSize());
            _ = NumberConversion.Convert(DType.UInt8, mask, input.MaskDType, typed);
            inputs.Add(new NamedTensor(name, new HostTensor(new TensorLayout(input.MaskDType, column.Rows, width), typed)));
        }
    }

    private static int Width(InputBinding input, Column column)
    {
        var places = column.Offsets[0].Span;
        var fixedWidth = input.Signature.Shape is { IsDefault: false, Length: 2 } shape && shape[1] >= 0 ? (int)shape[1] : -1;
        var width = 0;
        for (var row = 0; row < column.Rows; row++)
        {
            var length = places[row + 1] - places[row];
            if (fixedWidth >= 0 && length > fixedWidth)
            {
                throw new RowException(row, $"'{column.Type.Name}' has {length} elements, and the input '{input.Name}' takes "
                    + $"{fixedWidth} at most.");
            }

            width = Math.Max(width, length);
        }

        return fixedWidth >= 0 ? fixedWidth : width;
    }
}
