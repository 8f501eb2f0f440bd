using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Apache.Arrow;
using Apache.Arrow.Types;
using ZeroCopy.Datasets.Rows;
using ZeroCopy.Tensors;
using Column = ZeroCopy.Datasets.Rows.Column;

namespace ZeroCopy.Datasets.Formats.ArrowFiles;

/// <summary>Columns out of Arrow's arrays, in memory of their own.</summary>
internal static class ArrowColumnReader
{
    private static readonly bool[] OneNull = [true];

    /// <summary>
    /// The rows of columns. One that has a null list inside a list, or a time that has no text, is broken: columns here have no place for
    /// them.
    /// </summary>
    public static RowChunk Read(IEnumerable<(ColumnType Type, ArrayData Array)> columns, RowSpan origin)
    {
        var broken = new SortedDictionary<int, BrokenRow>();
        return new RowChunk([.. columns.Select(column => Read(column.Type, column.Array, broken))], origin.Count, [origin])
        {
            Broken = [.. broken.Values],
        };
    }

    private static Column Read(ColumnType type, ArrayData array, SortedDictionary<int, BrokenRow> broken)
    {
        var offsets = ImmutableArray.CreateBuilder<ReadOnlyMemory<int>>();
        var (rows, nulls, inner) = (array.Length, Nulls(array), array);
        while (inner.DataType is ListType or LargeListType or FixedSizeListType or ListViewType or LargeListViewType)
        {
            inner = ArrowListViews.InOrder(inner);
            var nullLists = offsets.Count > 0 ? Nulls(inner) : [];
            for (var row = 0; nullLists.Length > 0 && row < rows; row++)
            {
                var (low, high) = Below(offsets, row);
                if ((nulls.Length == 0 || !nulls[row]) && nullLists.AsSpan(low..high).Contains(true))
                {
                    broken.TryAdd(row, new BrokenRow(row, $"'{type.Name}' has a null list inside a list, which is not read here."));
                }
            }

            offsets.Add(ListPlaces(inner));
            inner = inner.Children[0];
        }

        var leaf = Leaf(type with { Depth = 0 }, inner);
        for (var row = 0; type.Meaning is not null && row < rows; row++)
        {
            if (!leaf.IsNull(row) && leaf.Bytes(row).IsEmpty)
            {
                broken.TryAdd(row, new BrokenRow(
                    row, $"'{type.Name}' has a {type} outside of {type.Meaning.Range}, which is not read here."));
            }
        }

        if (offsets.Count == 0)
        {
            return leaf;
        }

        offsets.AddRange(leaf.Offsets);
        return WithoutHiddenElements(new Column(type, rows, leaf.Data, offsets.ToImmutable(), nulls, leaf.Nulls));
    }

    // First and last place, exclusive, of what a row has below some levels of lists.
    private static (int Low, int High) Below(IEnumerable<ReadOnlyMemory<int>> offsets, int row) => offsets.Aggregate(
        (Low: row, High: row + 1), (range, level) => (level.Span[range.Low], level.Span[range.High]));

    private static Column Leaf(ColumnType type, ArrayData array)
    {
        var nulls = Nulls(array);
        switch (array.DataType)
        {
            case DictionaryType:
                return Look(type, array, nulls);
            case var _ when type.Meaning is { } meaning:
                return Values(type, meaning, array, nulls);
            case StringType:
                return Texts(type, array, Places<int>(array), nulls);
            case StringViewType:
                return Views(type, new StringViewArray(array));
            case LargeStringType:
                return Texts(type, array, Narrow(Places<long>(array)), nulls);
            case BooleanType:
                var bits = array.Buffers[1].Span;
                var values = new byte[array.Length];
                for (var i = 0; i < values.Length; i++)
                {
                    values[i] = BitUtility.GetBit(bits, array.Offset + i) ? (byte)1 : (byte)0;
                }

                return new Column(type, array.Length, values, nulls: nulls);
            default:
                var size = type.DType.ElementSize();
                return new Column(type, array.Length, array.Buffers[1].Span.Slice(array.Offset * size, array.Length * size).ToArray(),
                    nulls: nulls);
        }
    }

    private static Column Texts(ColumnType type, ArrayData array, ReadOnlySpan<int> places, bool[] nulls)
    {
        var offsets = new int[places.Length];
        for (var i = 0; i < places.Length; i++)
        {
            offsets[i] = places[i] - places[0];
        }

        return new Column(type, array.Length, array.Buffers[2].Span[places[0]..places[^1]].ToArray(), [offsets], nulls);
    }

    private static Column Views(ColumnType type, StringViewArray array)
    {
        var texts = new ColumnBuilder(type);
        for (var i = 0; i < array.Length; i++)
        {
            if (array.IsNull(i))
            {
                texts.AddNull();
            }
            else
            {
                texts.Add(array.GetBytes(i));
            }
        }

        return texts.Build();
    }

    // A value that has no text is an empty one.
    private static Column Values(ColumnType type, ValueMeaning meaning, ArrayData array, bool[] nulls)
    {
        var texts = new ColumnBuilder(type);
        for (var i = 0; i < array.Length; i++)
        {
            if (nulls.Length > 0 && nulls[i])
            {
                texts.AddNull();
            }
            else
            {
                texts.Add(meaning.Format(array.Buffers[1].Span.Slice((array.Offset + i) * meaning.Bytes, meaning.Bytes)));
            }
        }

        return texts.Build();
    }

    // Each index is replaced with what the dictionary has in its place, which may be a null.
    private static Column Look(ColumnType type, ArrayData array, bool[] nulls)
    {
        var values = Leaf(type, array.Dictionary ?? throw new InvalidDataException("its dictionary is missing"));
        var indexes = Indexes(array);
        if (!values.Nulls.IsEmpty)
        {
            var noIndex = nulls;
            nulls = [.. indexes.Select((index, row) => (noIndex.Length > 0 && noIndex[row]) || values.IsNull(index))];
        }

        if (type.Kind == ElementKind.Text)
        {
            var texts = new ColumnBuilder(type);
            for (var i = 0; i < indexes.Length; i++)
            {
                if (nulls.Length > 0 && nulls[i])
                {
                    texts.AddNull();
                }
                else
                {
                    texts.Add(values.Bytes(indexes[i]));
                }
            }

            return texts.Build();
        }

        var size = type.DType.ElementSize();
        var data = new byte[indexes.Length * size];
        for (var i = 0; i < indexes.Length; i++)
        {
            if (nulls.Length == 0 || !nulls[i])
            {
                values.Data.Span.Slice(indexes[i] * size, size).CopyTo(data.AsSpan(i * size));
            }
        }

        return new Column(type, indexes.Length, data, nulls: nulls);
    }

    private static int[] Indexes(ArrayData array)
    {
        var index = new int[array.Length];
        var type = ((DictionaryType)array.DataType).IndexType;
        var column = ArrowColumnTypes.Of(new Field("index", type, nullable: true)) ?? throw new InvalidDataException("its indexes are no "
            + "integers");
        var size = column.DType.ElementSize();
        var source = array.Buffers[1].Span.Slice(array.Offset * size, array.Length * size);
        return NumberConversion.Convert(column.DType, source, DType.Int32, MemoryMarshal.AsBytes(index.AsSpan())) < 0
            ? index : throw new InvalidDataException("its indexes are out of range");
    }

    private static int[] ListPlaces(ArrayData array)
    {
        if (array.DataType is FixedSizeListType list)
        {
            var places = Column.Steps(array.Length, list.ListSize);
            for (var i = 0; array.Offset > 0 && i < places.Length; i++)
            {
                places[i] += array.Offset * list.ListSize;
            }

            return places;
        }

        return array.DataType is LargeListType ? Narrow(Places<long>(array)) : Places<int>(array).ToArray();
    }

    // Where each list or text of an array begins; an array without any may have no places at all.
    private static ReadOnlySpan<T> Places<T>(ArrayData array)
        where T : unmanaged =>
        array.Length == 0 ? (T[])[default] : MemoryMarshal.Cast<byte, T>(array.Buffers[1].Span).Slice(array.Offset, array.Length + 1);

    private static int[] Narrow(ReadOnlySpan<long> places)
    {
        var narrow = new int[places.Length];
        for (var i = 0; i < places.Length; i++)
        {
            narrow[i] = checked((int)places[i]);
        }

        return narrow;
    }

    private static bool[] Nulls(ArrayData array)
    {
        if (array.GetNullCount() == 0 || array.Buffers[0].IsEmpty)
        {
            return [];
        }

        var nulls = new bool[array.Length];
        for (var i = 0; i < nulls.Length; i++)
        {
            nulls[i] = !BitUtility.GetBit(array.Buffers[0].Span, array.Offset + i);
        }

        return nulls;
    }

    // Arrow lets a null list have elements, and one of fixed size has; columns here do not.
    private static Column WithoutHiddenElements(Column column)
    {
        if (column.Type.Depth == 0 || column.Nulls.IsEmpty)
        {
            return column;
        }

        var parts = new List<Column>();
        for (var row = 0; row < column.Rows; row++)
        {
            parts.Add(column.IsNull(row) ? Null(column.Type) : column.Slice(row, 1));
        }

        return Column.Concat(parts);
    }

    private static Column Null(ColumnType type) => new(
        type, 1, default,
        [.. Enumerable.Range(0, type.Levels).Select(level => new ReadOnlyMemory<int>(level == 0 ? [0, 0] : [0]))],
        OneNull);
}
