using System.Buffers;
using System.Globalization;
using ZeroCopy.Datasets.Rows;
using ZeroCopy.Tensors;

namespace ZeroCopy.Datasets.Jobs;

/// <summary>What values are that no schema describes.</summary>
internal static class ValueTypes
{
    private static readonly SearchValues<byte> Whole = SearchValues.Create("-0123456789"u8);

    /// <summary>The values as texts.</summary>
    public static Column ToText(Column column)
    {
        if (column.Type.Kind == ElementKind.Text)
        {
            return new Column(ColumnType.Text(column.Type.Name, column.Type.Depth), column.Rows, column.Data, column.Offsets,
                column.Nulls, column.ElementNulls);
        }

        var builder = new ColumnBuilder(ColumnType.Text(column.Type.Name));
        for (var row = 0; row < column.Rows; row++)
        {
            if (column.IsNull(row))
            {
                builder.AddNull();
            }
            else
            {
                builder.Add(TextColumns.Decode(column, row));
            }
        }

        return builder.Build();
    }

    /// <summary>The values as numbers of a type, or lists of them; null where one would not be the same then.</summary>
    public static ColumnType? AllAre(Column column, DType dtype)
    {
        for (var row = 0; row < column.Rows; row++)
        {
            if (!column.IsNull(row) && !LooksLike(column.Bytes(row), dtype))
            {
                return null;
            }
        }

        try
        {
            return NumberColumnBuilder.Build(column, dtype).Type;
        }
        catch (RowException)
        {
            return null;
        }
    }

    // A number that would be written in another way is a name of something, such as 0012; and 1 and 0 are numbers before they are truths.
    private static bool LooksLike(ReadOnlySpan<byte> value, DType dtype)
    {
        value = value.TrimStart((byte)'[');
        return dtype switch
        {
            DType.Bool => value is [(byte)'t' or (byte)'f', ..],
            DType.Int64 => !IsPadded(value) && value.IndexOfAny("eE."u8) < 0,
            _ => !IsPadded(value) && AreExact(value) && value is [(byte)'-' or (>= (byte)'0' and <= (byte)'9'), ..],
        };
    }

    // Whole numbers above 2^53 have neighbours that are the same as F64: ids, and different ones.
    private static bool AreExact(ReadOnlySpan<byte> value)
    {
        const long Most = 1L << 53;
        foreach (var part in value.SplitAny(", []\t"u8))
        {
            var number = value[part];
            if (number.IndexOfAnyExcept(Whole) < 0 && !number.IsEmpty
                && !(long.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)
                    && whole is >= -Most and <= Most))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsPadded(ReadOnlySpan<byte> value) => value is [(byte)'+', ..] or [(byte)'0', >= (byte)'0' and <= (byte)'9', ..];
}
