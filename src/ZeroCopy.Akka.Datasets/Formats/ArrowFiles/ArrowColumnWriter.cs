using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Apache.Arrow;
using Apache.Arrow.Types;
using ZeroCopy.Datasets.Rows;
using ZeroCopy.Tensors;
using Column = ZeroCopy.Datasets.Rows.Column;

namespace ZeroCopy.Datasets.Formats.ArrowFiles;

/// <summary>Arrow's arrays of columns. The elements may lie in the columns' memory.</summary>
internal static class ArrowColumnWriter
{
    public static RecordBatch ToBatch(Schema schema, RowChunk rows) => new(
        schema,
        rows.Columns.Select((column, index) => ArrowArrayFactory.BuildArray(ToArray(column, schema.GetFieldByIndex(index).DataType, 0))),
        rows.Rows);

    private static ArrayData ToArray(Column column, IArrowType type, int level)
    {
        var (low, high) = column.Range(level);
        var nulls = Nulls(column, level, low, high);
        var nullCount = nulls.IsEmpty ? 0 : nulls.Span.Count(true);
        ArrowBuffer[] buffers = [Validity(nulls.Span)];
        if (level < column.Type.Depth)
        {
            return new ArrayData(
                type, high - low, nullCount, 0, [.. buffers, Places(column, level, low, high)],
                [ToArray(column, ((ListType)type).ValueDataType, level + 1)]);
        }

        if (column.Type.Kind == ElementKind.Number)
        {
            return new ArrayData(type, high - low, nullCount, 0, [.. buffers, Numbers(column)]);
        }

        if (column.Type.Meaning is { } meaning)
        {
            return new ArrayData(type, high - low, nullCount, 0, [.. buffers, Values(column, meaning, low, high)]);
        }

        var (first, last) = column.Range(level + 1);
        return new ArrayData(type, high - low, nullCount, 0, [.. buffers, Places(column, level, low, high),
            new ArrowBuffer(column.Data[first..last])]);
    }

    private static ReadOnlyMemory<bool> Nulls(Column column, int level, int low, int high) =>
        level == 0 ? column.Nulls
        : level == column.Type.Depth && !column.ElementNulls.IsEmpty ? column.ElementNulls[low..high]
        : default;

    private static ArrowBuffer Places(Column column, int level, int low, int high)
    {
        var places = column.Offsets[level].Span[low..(high + 1)].ToArray();
        for (var i = places.Length - 1; i >= 0; i--)
        {
            places[i] -= places[0];
        }

        return new ArrowBuffer(MemoryMarshal.AsBytes(places.AsSpan()).ToArray());
    }

    private static ArrowBuffer Numbers(Column column)
    {
        var numbers = column.Numbers();
        return new ArrowBuffer(column.Type.DType == DType.Bool ? Bits(numbers.Span, value => value != 0) : numbers);
    }

    private static ArrowBuffer Values(Column column, ValueMeaning meaning, int low, int high)
    {
        var values = new byte[(high - low) * meaning.Bytes];
        for (var i = low; i < high; i++)
        {
            if (!column.IsNullElement(i))
            {
                Write(column.Bytes(i), meaning, values.AsSpan((i - low) * meaning.Bytes, meaning.Bytes));
            }
        }

        return new ArrowBuffer(values);
    }

    private static void Write(ReadOnlySpan<byte> text, ValueMeaning meaning, Span<byte> value)
    {
        if (meaning.Kind == ValueKind.Decimal)
        {
            var number = meaning.ParseDecimal(text);
            value.Fill(number.Sign < 0 ? byte.MaxValue : (byte)0);
            _ = number.TryWriteBytes(value, out _);
        }
        else if (value.Length == sizeof(int))
        {
            BinaryPrimitives.WriteInt32LittleEndian(value, (int)meaning.ParseTime(text));
        }
        else
        {
            BinaryPrimitives.WriteInt64LittleEndian(value, meaning.ParseTime(text));
        }
    }

    private static ArrowBuffer Validity(ReadOnlySpan<bool> nulls) =>
        nulls.IsEmpty || !nulls.Contains(true) ? ArrowBuffer.Empty : new ArrowBuffer(Bits(nulls, isNull => !isNull));

    private static byte[] Bits<T>(ReadOnlySpan<T> values, Func<T, bool> isSet)
    {
        var bits = new byte[(values.Length + 7) / 8];
        for (var i = 0; i < values.Length; i++)
        {
            if (isSet(values[i]))
            {
                BitUtility.SetBit(bits, i);
            }
        }

        return bits;
    }
}
