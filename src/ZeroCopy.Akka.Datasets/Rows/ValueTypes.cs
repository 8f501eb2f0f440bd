using System.Buffers;
using System.Globalization;
using ZeroCopy.Tensors;

namespace ZeroCopy.Datasets.Rows;

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

    /// <summary>Whether a value has a digit, and not only the names of what is no number or infinite.</summary>
    public static bool HasDigits(Column column) =>
        Enumerable.Range(0, column.Rows).Any(row => !column.IsNull(row) && column.Bytes(row).ContainsAnyInRange((byte)'0', (byte)'9'));

    // A number that would be written in another way is a name of something, such as 0012; and 1 and 0 are numbers before they are truths.
    private static bool LooksLike(ReadOnlySpan<byte> value, DType dtype)
    {
        foreach (var range in value.SplitAny(", []\t\r\n"u8))
        {
            var part = value[range];
            if (part.IsEmpty)
            {
                continue;
            }

            var isOne = dtype switch
            {
                DType.Bool => part.SequenceEqual("true"u8) || part.SequenceEqual("false"u8),
                // Whole numbers have no zero with a sign.
                DType.Int64 => IsPlain(part) && part.IndexOfAny("eE."u8) < 0 && !part.SequenceEqual("-0"u8),
                _ => IsPlain(part) ? IsExact(part)
                    : part.SequenceEqual("NaN"u8) || part.SequenceEqual("Infinity"u8) || part.SequenceEqual("-Infinity"u8),
            };
            if (!isOne)
            {
                return false;
            }
        }

        return true;
    }

    // Whole numbers above 2^53 have neighbours that are the same as F64: ids, and different ones.
    private static bool IsExact(ReadOnlySpan<byte> number)
    {
        const long Most = 1L << 53;
        return number.IndexOfAnyExcept(Whole) >= 0
            || (long.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)
                && whole is >= -Most and <= Most);
    }

    private static bool IsPlain(ReadOnlySpan<byte> number)
    {
        var digits = number is [(byte)'-', ..] ? number[1..] : number;
        return digits is [>= (byte)'0' and <= (byte)'9', ..] and not [(byte)'0', >= (byte)'0' and <= (byte)'9', ..];
    }
}
