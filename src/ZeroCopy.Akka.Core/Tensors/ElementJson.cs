using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace ZeroCopy.Tensors;

/// <summary>
/// Elements as JSON, each number written so that it is read back bit for bit. Numbers that JSON has no form for are the strings <c>NaN</c>,
/// <c>Infinity</c> and <c>-Infinity</c>.
/// </summary>
internal static class ElementJson
{
    /// <summary>Writes elements one behind the other.</summary>
    public static void WriteAll(Utf8JsonWriter writer, DType dtype, ReadOnlySpan<byte> elements)
    {
        var size = dtype.ElementSize();
        for (var at = 0; at < elements.Length; at += size)
        {
            Write(writer, dtype, elements.Slice(at, size));
        }
    }

    /// <summary>Writes one element; complex ones as an array of the real and the imaginary part.</summary>
    public static void Write(Utf8JsonWriter writer, DType dtype, ReadOnlySpan<byte> element)
    {
        switch (dtype)
        {
            case DType.Bool:
                writer.WriteBooleanValue(element[0] != 0);
                break;
            case DType.UInt8:
                writer.WriteNumberValue(element[0]);
                break;
            case DType.Int8:
                writer.WriteNumberValue((sbyte)element[0]);
                break;
            case DType.UInt16:
                writer.WriteNumberValue(BinaryPrimitives.ReadUInt16LittleEndian(element));
                break;
            case DType.UInt32:
                writer.WriteNumberValue(BinaryPrimitives.ReadUInt32LittleEndian(element));
                break;
            case DType.UInt64:
                writer.WriteNumberValue(BinaryPrimitives.ReadUInt64LittleEndian(element));
                break;
            case DType.Int16:
                writer.WriteNumberValue(BinaryPrimitives.ReadInt16LittleEndian(element));
                break;
            case DType.Int32:
                writer.WriteNumberValue(BinaryPrimitives.ReadInt32LittleEndian(element));
                break;
            case DType.Int64:
                writer.WriteNumberValue(BinaryPrimitives.ReadInt64LittleEndian(element));
                break;
            case DType.Float16:
                WriteFloat(writer, (float)BinaryPrimitives.ReadHalfLittleEndian(element));
                break;
            case DType.BFloat16:
                WriteFloat(writer, BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(element) << 16));
                break;
            case DType.Float32:
                WriteFloat(writer, BinaryPrimitives.ReadSingleLittleEndian(element));
                break;
            case DType.Float64:
                WriteDouble(writer, BinaryPrimitives.ReadDoubleLittleEndian(element));
                break;
            case DType.Complex64 or DType.Complex128:
                var half = element.Length / 2;
                var part = dtype == DType.Complex64 ? DType.Float32 : DType.Float64;
                writer.WriteStartArray();
                Write(writer, part, element[..half]);
                Write(writer, part, element[half..]);
                writer.WriteEndArray();
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "No type of JSON's numbers.");
        }
    }

    /// <summary>Reads one element, none that is complex; false where the type does not hold it: nothing is cut, or rounded to
    /// infinity.</summary>
    public static bool TryRead(JsonElement value, DType dtype, Span<byte> element)
    {
        var text = JsonMarshal.GetRawUtf8Value(value);
        return value.ValueKind == JsonValueKind.String
            ? TryReadName(text[1..^1], dtype, element) : TryReadValue(text, dtype, element);
    }

    /// <summary>Reads the value that the reader has come to, as the other.</summary>
    public static bool TryRead(ref readonly Utf8JsonReader reader, DType dtype, Span<byte> element)
    {
        var text = reader.HasValueSequence ? reader.ValueSequence.ToArray() : reader.ValueSpan;
        return reader.TokenType == JsonTokenType.String ? TryReadName(text, dtype, element) : TryReadValue(text, dtype, element);
    }

    private static bool TryReadValue(ReadOnlySpan<byte> text, DType dtype, Span<byte> element) => dtype switch
    {
        DType.Bool => TryReadBoolean(text, element),
        DType.UInt8 => TryReadWhole<byte>(text, element),
        DType.Int8 => TryReadWhole<sbyte>(text, element),
        DType.UInt16 => TryReadWhole<ushort>(text, element),
        DType.Int16 => TryReadWhole<short>(text, element),
        DType.UInt32 => TryReadWhole<uint>(text, element),
        DType.Int32 => TryReadWhole<int>(text, element),
        DType.UInt64 => TryReadWhole<ulong>(text, element),
        DType.Int64 => TryReadWhole<long>(text, element),
        DType.Float16 => TryParse<Half>(text, out var half) && TryPut(half, element),
        DType.BFloat16 => TryParse<double>(text, out var number) && TryPutBrainFloat(number, element),
        DType.Float32 => TryParse<float>(text, out var single) && TryPut(single, element),
        DType.Float64 => TryParse<double>(text, out var number) && TryPut(number, element),
        _ => false,
    };

    // As it stands there: no name needs an escape.
    private static bool TryReadName(ReadOnlySpan<byte> text, DType dtype, Span<byte> element)
    {
        var number = text.SequenceEqual("NaN"u8) ? float.NaN
            : text.SequenceEqual("Infinity"u8) ? float.PositiveInfinity
            : text.SequenceEqual("-Infinity"u8) ? float.NegativeInfinity : 0;
        return !float.IsFinite(number) && dtype switch
        {
            DType.Float16 => TryPut((Half)number, element),
            DType.BFloat16 => TryPutBrainFloat(number, element),
            DType.Float32 => TryPut(number, element),
            DType.Float64 => TryPut((double)number, element),
            _ => false,
        };
    }

    private static bool TryReadBoolean(ReadOnlySpan<byte> text, Span<byte> element)
    {
        var isTrue = text.SequenceEqual("true"u8);
        element[0] = isTrue ? (byte)1 : (byte)0;
        return isTrue || text.SequenceEqual("false"u8);
    }

    private static bool TryReadWhole<T>(ReadOnlySpan<byte> text, Span<byte> element)
        where T : IBinaryInteger<T> =>
        T.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
        && number.TryWriteLittleEndian(element, out _);

    private static bool TryParse<T>(ReadOnlySpan<byte> text, out T number)
        where T : IBinaryFloatingPointIeee754<T> =>
        T.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number!) && T.IsFinite(number);

    private static bool TryPut<T>(T number, Span<byte> element)
        where T : unmanaged => MemoryMarshal.TryWrite(element, in number);

    private static bool TryPutBrainFloat(double number, Span<byte> element)
    {
        var rounded = BrainFloat.Round(number);
        BinaryPrimitives.WriteUInt16LittleEndian(element, rounded);
        return BrainFloat.IsFinite(rounded) || !double.IsFinite(number);
    }

    private static void WriteFloat(Utf8JsonWriter writer, float value)
    {
        if (float.IsFinite(value) && value != 0)
        {
            writer.WriteNumberValue(value);
        }
        else
        {
            WriteDouble(writer, value);
        }
    }

    private static void WriteDouble(Utf8JsonWriter writer, double value)
    {
        if (value == 0 && double.IsNegative(value))
        {
            // Many readers take -0 for an integer, which has no sign then.
            writer.WriteRawValue("-0.0"u8, skipInputValidation: true);
        }
        else if (double.IsFinite(value))
        {
            writer.WriteNumberValue(value);
        }
        else
        {
            writer.WriteStringValue(double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
        }
    }
}
