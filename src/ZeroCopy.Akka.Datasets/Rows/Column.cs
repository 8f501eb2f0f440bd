using System.Collections.Immutable;
using System.Runtime.InteropServices;
using ZeroCopy.Tensors;

namespace ZeroCopy.Datasets.Rows;

/// <summary>
/// Some rows of a column, laid out as Arrow does: the elements of all rows without gaps, and for each level of lists the places where they
/// begin. Rows that are null have an empty list or a zero in their place. Immutable; slices share its memory.
/// </summary>
internal sealed class Column
{
    /// <summary>Wraps memory that nobody writes to any more.</summary>
    /// <param name="type">What the column is.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="data">The elements: numbers little-endian, texts one after the other.</param>
    /// <param name="offsets">
    /// For each of <see cref="ColumnType.Levels"/>, outermost first, one place more than there are lists: where each begins in the level
    /// below.
    /// </param>
    /// <param name="nulls">True for each row that is null; empty where none is.</param>
    /// <param name="elementNulls">True for each element inside lists that is null; empty where none is.</param>
    public Column(
        ColumnType type, int rows, ReadOnlyMemory<byte> data, ImmutableArray<ReadOnlyMemory<int>> offsets = default,
        ReadOnlyMemory<bool> nulls = default, ReadOnlyMemory<bool> elementNulls = default)
    {
        Type = type;
        Rows = rows;
        Data = data;
        Offsets = offsets.IsDefault ? [] : offsets;
        Nulls = nulls;
        ElementNulls = elementNulls;
    }

    public ColumnType Type { get; }

    public int Rows { get; }

    public ReadOnlyMemory<byte> Data { get; }

    public ImmutableArray<ReadOnlyMemory<int>> Offsets { get; }

    public ReadOnlyMemory<bool> Nulls { get; }

    public ReadOnlyMemory<bool> ElementNulls { get; }

    /// <summary>Bytes that its rows take.</summary>
    public long ByteLength
    {
        get
        {
            var (bytes, low, high) = (0L, 0, Rows);
            foreach (var level in Offsets)
            {
                bytes += sizeof(int) * (long)(high - low + 1);
                (low, high) = (level.Span[low], level.Span[high]);
            }

            return bytes + (high - low) * (Type.Kind == ElementKind.Number ? (long)Type.DType.ElementSize() : 1);
        }
    }

    /// <summary>A tensor of shape [rows, …] as a column.</summary>
    public static Column OfTensor(string name, DType dtype, ReadOnlySpan<long> shape, ReadOnlyMemory<byte> data)
    {
        var rows = checked((int)shape[0]);
        var offsets = ImmutableArray.CreateBuilder<ReadOnlyMemory<int>>(shape.Length - 1);
        var lists = rows;
        foreach (var size in shape[1..])
        {
            offsets.Add(Steps(lists, checked((int)size)));
            lists = checked(lists * (int)size);
        }

        return new Column(new ColumnType(name, ElementKind.Number, dtype, shape.Length - 1), rows, data, offsets.MoveToImmutable());
    }

    /// <summary>Places of lists that all have one length.</summary>
    public static int[] Steps(int lists, int length)
    {
        var offsets = new int[lists + 1];
        for (var i = 1; i < offsets.Length; i++)
        {
            offsets[i] = checked(i * length);
        }

        return offsets;
    }

    public bool IsNull(int row) => !Nulls.IsEmpty && Nulls.Span[row];

    /// <summary>The same rows under a type that has the same elements.</summary>
    public Column Typed(ColumnType type) => Type == type ? this : new Column(type, Rows, Data, Offsets, Nulls, ElementNulls);

    public Column Slice(int start, int count)
    {
        if (start == 0 && count == Rows)
        {
            return this;
        }

        var nulls = Nulls.IsEmpty ? Nulls : Nulls.Slice(start, count);
        return Offsets.IsEmpty
            ? new Column(Type, count, Data.Slice(start * Type.DType.ElementSize(), count * Type.DType.ElementSize()), Offsets, nulls)
            : new Column(Type, count, Data, Offsets.SetItem(0, Offsets[0].Slice(start, count + 1)), nulls, ElementNulls);
    }

    /// <summary>First and last place, exclusive, of the rows' lists or elements below the first <paramref name="levels"/> levels.</summary>
    public (int Low, int High) Range(int levels)
    {
        var (low, high) = (0, Rows);
        foreach (var level in Offsets.AsSpan()[..levels])
        {
            (low, high) = (level.Span[low], level.Span[high]);
        }

        return (low, high);
    }

    /// <summary>The elements of all rows: for numbers.</summary>
    public ReadOnlyMemory<byte> Numbers()
    {
        var (low, high) = Range(Type.Depth);
        var size = Type.DType.ElementSize();
        return Data.Slice(low * size, (high - low) * size);
    }

    /// <summary>The same rows with other numbers in the place of <see cref="Numbers"/>, as many as they are.</summary>
    public Column WithNumbers(DType dtype, ReadOnlyMemory<byte> numbers)
    {
        var (low, high) = Range(Type.Depth);
        var type = Type with { DType = dtype };
        if (Offsets.IsEmpty)
        {
            return new Column(type, Rows, numbers, Offsets, Nulls);
        }

        // Of all levels the innermost alone points to the elements, of which the rows' first is now the first.
        var innermost = Offsets[^1].ToArray();
        for (var i = 0; i < innermost.Length; i++)
        {
            innermost[i] -= low;
        }

        return new Column(
            type, Rows, numbers, Offsets.SetItem(Offsets.Length - 1, innermost), Nulls,
            ElementNulls.IsEmpty ? ElementNulls : ElementNulls[low..high]);
    }

    /// <summary>The bytes of an element of texts or JSON values; the index counts all elements of the memory.</summary>
    public ReadOnlySpan<byte> Bytes(int element)
    {
        var places = Offsets[^1].Span;
        return Data.Span[places[element]..places[element + 1]];
    }

    /// <summary>Whether an element is null: a row where there are no lists, else an element of all of the memory.</summary>
    public bool IsNullElement(int element) => Type.Depth == 0 ? IsNull(element) : !ElementNulls.IsEmpty && ElementNulls.Span[element];

    /// <summary>Whether another column has the same rows, bit for bit, under the same name and type.</summary>
    public bool HasRowsOf(Column other)
    {
        if (Rows != other.Rows || Type with { IsNullable = true } != other.Type with { IsNullable = true })
        {
            return false;
        }

        for (var level = 0; level < Offsets.Length; level++)
        {
            if (!ConcatLevel([this], level).AsSpan().SequenceEqual(ConcatLevel([other], level)))
            {
                return false;
            }
        }

        var size = Type.Kind == ElementKind.Number ? Type.DType.ElementSize() : 1;
        var ((low, high), (from, to)) = (Range(Type.Levels), other.Range(Type.Levels));
        return Data.Span[(low * size)..(high * size)].SequenceEqual(other.Data.Span[(from * size)..(to * size)])
            && Enumerable.Range(0, Rows).All(row => IsNull(row) == other.IsNull(row));
    }

    /// <summary>The rows of several columns of one type, one after the other, in memory of their own.</summary>
    /// <exception cref="DatasetException">They take more bytes than an array has.</exception>
    public static Column Concat(IReadOnlyList<Column> parts)
    {
        if (parts.Count == 1)
        {
            return parts[0];
        }

        var type = parts[0].Type;
        var rows = parts.Sum(part => part.Rows);
        var offsets = new ReadOnlyMemory<int>[type.Levels];
        for (var level = 0; level < offsets.Length; level++)
        {
            offsets[level] = ConcatLevel(parts, level);
        }

        var size = type.Kind == ElementKind.Number ? type.DType.ElementSize() : 1;
        var ranges = parts.Select(part => part.Range(type.Levels)).ToArray();
        var data = RowMemory.Allocate(type.Name, rows, ranges.Sum(range => (long)(range.High - range.Low) * size));
        var at = 0;
        for (var i = 0; i < ranges.Length; i++)
        {
            var source = parts[i].Data.Span[(ranges[i].Low * size)..(ranges[i].High * size)];
            source.CopyTo(data.AsSpan(at));
            at += source.Length;
        }

        return new Column(
            type, rows, data, ImmutableCollectionsMarshal.AsImmutableArray(offsets),
            Flags(parts, part => part.Nulls, part => (0, part.Rows)),
            Flags(parts, part => part.ElementNulls, part => part.Range(type.Depth)));
    }

    private static int[] ConcatLevel(IReadOnlyList<Column> parts, int level)
    {
        var lists = parts.Select(part => part.Range(level)).ToArray();
        var offsets = new int[lists.Sum(range => range.High - range.Low) + 1];
        var (at, shift) = (0, 0);
        for (var i = 0; i < lists.Length; i++)
        {
            var source = parts[i].Offsets[level].Span[lists[i].Low..(lists[i].High + 1)];
            for (var j = 0; j < source.Length; j++)
            {
                offsets[at + j] = source[j] - source[0] + shift;
            }

            at += source.Length - 1;
            shift = offsets[at];
        }

        return offsets;
    }

    private static ReadOnlyMemory<bool> Flags(
        IReadOnlyList<Column> parts, Func<Column, ReadOnlyMemory<bool>> flags, Func<Column, (int Low, int High)> range)
    {
        if (parts.All(part => flags(part).IsEmpty))
        {
            return default;
        }

        var all = new bool[parts.Sum(part => range(part).High - range(part).Low)];
        var at = 0;
        foreach (var part in parts)
        {
            var (low, high) = range(part);
            if (!flags(part).IsEmpty)
            {
                flags(part).Span[low..high].CopyTo(all.AsSpan(at));
            }

            at += high - low;
        }

        return all;
    }
}
