using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using ZeroCopy.Tensors;

namespace ZeroCopy.Datasets.Rows;

/// <summary>One number as text, to and from the bytes of an element.</summary>
internal static class NumberText
{
    private const int MaxBytes = 64;
    private const NumberStyles Unsigned = NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;

    /// <summary>Reads a number; false where it is none, or none that the type can hold: nothing is cut or rounded to infinity.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, DType dtype, Span<byte> element)
    {
        text = text.Trim(" \t\r"u8);
        return dtype switch
        {
            DType.Bool => TryBool(text, element),
            DType.UInt8 => TryInteger<byte>(text, element),
            DType.Int8 => TryInteger<sbyte>(text, element),
            DType.UInt16 => TryInteger<ushort>(text, element),
            DType.Int16 => TryInteger<short>(text, element),
            DType.UInt32 => TryInteger<uint>(text, element),
            DType.Int32 => TryInteger<int>(text, element),
            DType.UInt64 => TryInteger<ulong>(text, element),
            DType.Int64 => TryInteger<long>(text, element),
            DType.Float16 => TryFloat<Half>(text, element),
            DType.Float32 => TryFloat<float>(text, element),
            DType.Float64 => TryFloat<double>(text, element),
            DType.BFloat16 => TryBrainFloat(text, element),
            _ => false,
        };
    }

    /// <summary>Appends the shortest text that reads back to the same element; not-a-number and infinities by their names.</summary>
    public static int Format(DType dtype, ReadOnlySpan<byte> element, Span<byte> text) => dtype switch
    {
        DType.Bool => Copy(element[0] != 0 ? "true"u8 : "false"u8, text),
        DType.UInt8 => Format(element[0], text),
        DType.Int8 => Format((sbyte)element[0], text),
        DType.UInt16 => Format(BinaryPrimitives.ReadUInt16LittleEndian(element), text),
        DType.Int16 => Format(BinaryPrimitives.ReadInt16LittleEndian(element), text),
        DType.UInt32 => Format(BinaryPrimitives.ReadUInt32LittleEndian(element), text),
        DType.Int32 => Format(BinaryPrimitives.ReadInt32LittleEndian(element), text),
        DType.UInt64 => Format(BinaryPrimitives.ReadUInt64LittleEndian(element), text),
        DType.Int64 => Format(BinaryPrimitives.ReadInt64LittleEndian(element), text),
        DType.Float16 => FormatFloat((float)BinaryPrimitives.ReadHalfLittleEndian(element), text),
        DType.BFloat16 => FormatFloat(BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(element) << 16), text),
        DType.Float32 => FormatFloat(BinaryPrimitives.ReadSingleLittleEndian(element), text),
        DType.Float64 => FormatFloat(BinaryPrimitives.ReadDoubleLittleEndian(element), text),
        _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "Not a type of numbers that texts have."),
    };

    /// <summary>Bytes that <see cref="Format"/> needs at most.</summary>
    public static int Room => MaxBytes;

    private static int Format<T>(T value, Span<byte> text)
        where T : IUtf8SpanFormattable =>
        value.TryFormat(text, out var written, default, CultureInfo.InvariantCulture)
            ? written : throw new ArgumentException("No room.", nameof(text));

    // Many readers take -0 for an integer, which has no sign then.
    private static int FormatFloat<T>(T value, Span<byte> text)
        where T : IBinaryFloatingPointIeee754<T>, IUtf8SpanFormattable =>
        T.IsZero(value) && T.IsNegative(value) ? Copy("-0.0"u8, text) : Format(value, text);

    private static int Copy(ReadOnlySpan<byte> word, Span<byte> text)
    {
        word.CopyTo(text);
        return word.Length;
    }

    private static bool TryBool(ReadOnlySpan<byte> text, Span<byte> element)
    {
        var isTrue = text is [(byte)'1'] || System.Text.Ascii.EqualsIgnoreCase(text, "true"u8);
        element[0] = isTrue ? (byte)1 : (byte)0;
        return isTrue || text is [(byte)'0'] || System.Text.Ascii.EqualsIgnoreCase(text, "false"u8);
    }

    // A number that programs wrote as 3.0 or 3e2 is an integer too. Zero has a sign there, also where the type has none.
    private static bool TryInteger<T>(ReadOnlySpan<byte> text, Span<byte> element)
        where T : unmanaged, IBinaryInteger<T> =>
        (T.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            || (text is [(byte)'-', ..] && T.TryParse(text[1..], Unsigned, CultureInfo.InvariantCulture, out value) && T.IsZero(value)))
        && value.TryWriteLittleEndian(element, out _);

    private static bool TryFloat<T>(ReadOnlySpan<byte> text, Span<byte> element)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (!T.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) || !T.IsFinite(value))
        {
            // What is not finite has a name; a number that becomes infinite does not fit the type.
            if (!TryName(text, out value))
            {
                return false;
            }
        }

        MemoryMarshal.Write(element, in value);
        return true;
    }

    private static bool TryName<T>(ReadOnlySpan<byte> text, out T value)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var isNegative = text is [(byte)'-', ..];
        text = text is [(byte)'-' or (byte)'+', ..] ? text[1..] : text;
        var isInfinite = System.Text.Ascii.EqualsIgnoreCase(text, "inf"u8) || System.Text.Ascii.EqualsIgnoreCase(text, "infinity"u8);
        value = !isInfinite ? T.NaN : isNegative ? T.NegativeInfinity : T.PositiveInfinity;
        return isInfinite || System.Text.Ascii.EqualsIgnoreCase(text, "nan"u8);
    }

    private static bool TryBrainFloat(ReadOnlySpan<byte> text, Span<byte> element)
    {
        Span<byte> number = stackalloc byte[sizeof(double)];
        return TryFloat<double>(text, number) && NumberConversion.Convert(DType.Float64, number, DType.BFloat16, element) < 0;
    }
}
