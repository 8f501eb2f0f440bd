using System.Collections.Immutable;
using Apache.Arrow;
using Apache.Arrow.Types;
using ZeroCopy.Datasets.Rows;
using ZeroCopy.Tensors;

namespace ZeroCopy.Datasets.Formats.ArrowFiles;

/// <summary>Arrow's types of columns: numbers, texts, lists of them, and dictionaries of them.</summary>
internal static class ArrowColumnTypes
{
    private const string ItemName = "item";

    // Each of three decimal digits more.
    private static readonly TimeUnit[] Units = [TimeUnit.Second, TimeUnit.Millisecond, TimeUnit.Microsecond, TimeUnit.Nanosecond];

    /// <summary>The columns that are read, each with its place among the fields, and the others.</summary>
    public static (ImmutableArray<(ColumnType Type, int Index)> Read, ImmutableArray<UnreadColumn> Unread) Of(Schema schema)
    {
        var columns = schema.FieldsList.Select((field, index) => (Type: Of(field), Index: index, Field: field)).ToList();
        return (
            [.. columns.Where(column => column.Type is not null).Select(column => (column.Type!, column.Index))],
            [.. columns.Where(column => column.Type is null).Select(
                column => new UnreadColumn(column.Field.Name, Words(column.Field.DataType)))]);
    }

    /// <summary>The column of a field; null where it is of another kind than columns are here.</summary>
    public static ColumnType? Of(Field field)
    {
        var (type, depth, isNullable) = (field.DataType, 0, field.IsNullable);
        while (Item(type) is { } item)
        {
            (type, depth, isNullable) = (item.DataType, depth + 1, isNullable || item.IsNullable);
        }

        if (type is DictionaryType dictionary)
        {
            type = dictionary.ValueType;
        }

        return type is StringType or LargeStringType or StringViewType
            ? new ColumnType(field.Name, ElementKind.Text, Depth: depth, IsNullable: isNullable)
            : depth == 0 && MeaningOf(type) is { } meaning
                ? ColumnType.Text(field.Name) with { IsNullable = isNullable, Meaning = meaning }
            : DTypeOf(type) is { } dtype ? new ColumnType(field.Name, ElementKind.Number, dtype, depth, IsNullable: isNullable)
            : null;
    }

    /// <summary>The field of a column that is to be written.</summary>
    public static Field ToField(ColumnType column)
    {
        var type = Leaf(column);
        for (var level = 0; level < column.Depth; level++)
        {
            type = new ListType(new Field(ItemName, type, column.IsNullable));
        }

        return new Field(column.Name, type, column.IsNullable);
    }

    /// <summary>The type of a column's elements.</summary>
    public static IArrowType Leaf(ColumnType column) =>
        column.Meaning is { } meaning ? Leaf(meaning) : column.Kind == ElementKind.Number ? Leaf(column.DType) : StringType.Default;

    private static IArrowType Leaf(DType dtype) => dtype switch
    {
        DType.Bool => BooleanType.Default,
        DType.UInt8 => UInt8Type.Default,
        DType.Int8 => Int8Type.Default,
        DType.UInt16 => UInt16Type.Default,
        DType.Int16 => Int16Type.Default,
        DType.UInt32 => UInt32Type.Default,
        DType.Int32 => Int32Type.Default,
        DType.UInt64 => UInt64Type.Default,
        DType.Int64 => Int64Type.Default,
        DType.Float16 => HalfFloatType.Default,
        DType.Float32 => FloatType.Default,
        DType.Float64 => DoubleType.Default,
        _ => throw new NotSupportedException($"Arrow has no type for {dtype.ToToken()}."),
    };

    private static IArrowType Leaf(ValueMeaning meaning) => (meaning.Kind, meaning.Bytes) switch
    {
        (ValueKind.Date, 4) => Date32Type.Default,
        (ValueKind.Date, _) => Date64Type.Default,
        (ValueKind.Time, 4) => new Time32Type(Units[meaning.Digits / 3]),
        (ValueKind.Time, _) => new Time64Type(Units[meaning.Digits / 3]),
        (ValueKind.Timestamp, _) => new TimestampType(Units[meaning.Digits / 3], meaning.Zone),
        (_, 4) => new Decimal32Type(meaning.Precision, meaning.Digits),
        (_, 8) => new Decimal64Type(meaning.Precision, meaning.Digits),
        (_, 16) => new Decimal128Type(meaning.Precision, meaning.Digits),
        _ => new Decimal256Type(meaning.Precision, meaning.Digits),
    };

    private static ValueMeaning? MeaningOf(IArrowType type) => type switch
    {
        Date32Type => new ValueMeaning(ValueKind.Date, 4),
        Date64Type => new ValueMeaning(ValueKind.Date, 8, 3),
        TimestampType time => new ValueMeaning(ValueKind.Timestamp, 8, Digits(time.Unit), Zone: time.Timezone is "" ? null : time.Timezone),
        Time32Type time => new ValueMeaning(ValueKind.Time, 4, Digits(time.Unit)),
        Time64Type time => new ValueMeaning(ValueKind.Time, 8, Digits(time.Unit)),
        Decimal32Type number => new ValueMeaning(ValueKind.Decimal, 4, number.Scale, number.Precision),
        Decimal64Type number => new ValueMeaning(ValueKind.Decimal, 8, number.Scale, number.Precision),
        Decimal128Type number => new ValueMeaning(ValueKind.Decimal, 16, number.Scale, number.Precision),
        Decimal256Type number => new ValueMeaning(ValueKind.Decimal, 32, number.Scale, number.Precision),
        _ => null,
    };

    private static int Digits(TimeUnit unit) => 3 * System.Array.IndexOf(Units, unit);

    private static string Words(IArrowType type) => Item(type) is { } item ? $"list of {Words(item.DataType)}" : type.Name;

    private static Field? Item(IArrowType type) => type switch
    {
        ListType list => list.ValueField,
        LargeListType list => list.ValueField,
        FixedSizeListType list => list.ValueField,
        ListViewType list => list.ValueField,
        LargeListViewType list => list.ValueField,
        _ => null,
    };

    private static DType? DTypeOf(IArrowType type) => type.TypeId switch
    {
        ArrowTypeId.Boolean => DType.Bool,
        ArrowTypeId.UInt8 => DType.UInt8,
        ArrowTypeId.Int8 => DType.Int8,
        ArrowTypeId.UInt16 => DType.UInt16,
        ArrowTypeId.Int16 => DType.Int16,
        ArrowTypeId.UInt32 => DType.UInt32,
        ArrowTypeId.Int32 => DType.Int32,
        ArrowTypeId.UInt64 => DType.UInt64,
        ArrowTypeId.Int64 => DType.Int64,
        ArrowTypeId.HalfFloat => DType.Float16,
        ArrowTypeId.Float => DType.Float32,
        ArrowTypeId.Double => DType.Float64,
        _ => null,
    };
}
