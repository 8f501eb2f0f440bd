using System.Buffers.Binary;
using System.Text.Json;
using ZeroCopy.Tensors;

namespace ZeroCopy.Serving.Protocol;

/// <summary>
/// One JSON value to the bytes of one element. A value that the type cannot hold is refused, never cut or rounded to infinity.
/// Numbers that JSON has no form for are the strings <c>NaN</c>, <c>Infinity</c> and <c>-Infinity</c>.
/// </summary>
internal static class JsonElementReader
{
    /// <summary>Writes the value's bytes; false where the type does not hold it.</summary>
    public static bool TryRead(ref readonly Utf8JsonReader value, DType dtype, Span<byte> element) => value.TokenType switch
    {
        JsonTokenType.True or JsonTokenType.False => TryReadBoolean(value.TokenType == JsonTokenType.True, dtype, element),
        JsonTokenType.Number => TryReadNumber(in value, dtype, element),
        JsonTokenType.String => TryReadName(in value, dtype, element),
        _ => false,
    };

    private static bool TryReadBoolean(bool value, DType dtype, Span<byte> element)
    {
        element[0] = value ? (byte)1 : (byte)0;
        return dtype == DType.Bool;
    }

    private static bool TryReadNumber(ref readonly Utf8JsonReader value, DType dtype, Span<byte> element)
    {
        switch (dtype)
        {
            case DType.UInt8 when value.TryGetByte(out var number):
                element[0] = number;
                return true;
            case DType.UInt16 when value.TryGetUInt16(out var number):
                BinaryPrimitives.WriteUInt16LittleEndian(element, number);
                return true;
            case DType.UInt32 when value.TryGetUInt32(out var number):
                BinaryPrimitives.WriteUInt32LittleEndian(element, number);
                return true;
            case DType.UInt64 when value.TryGetUInt64(out var number):
                BinaryPrimitives.WriteUInt64LittleEndian(element, number);
                return true;
            case DType.Int8 when value.TryGetSByte(out var number):
                element[0] = (byte)number;
                return true;
            case DType.Int16 when value.TryGetInt16(out var number):
                BinaryPrimitives.WriteInt16LittleEndian(element, number);
                return true;
            case DType.Int32 when value.TryGetInt32(out var number):
                BinaryPrimitives.WriteInt32LittleEndian(element, number);
                return true;
            case DType.Int64 when value.TryGetInt64(out var number):
                BinaryPrimitives.WriteInt64LittleEndian(element, number);
                return true;
            case DType.Float32 when value.TryGetSingle(out var number) && float.IsFinite(number):
                BinaryPrimitives.WriteSingleLittleEndian(element, number);
                return true;
            case DType.Float64 when value.TryGetDouble(out var number) && double.IsFinite(number):
                BinaryPrimitives.WriteDoubleLittleEndian(element, number);
                return true;
            default:
                return false;
        }
    }

    private static bool TryReadName(ref readonly Utf8JsonReader value, DType dtype, Span<byte> element)
    {
        if (value.ValueIsEscaped)
        {
            // No such name needs it, and half a character cannot be compared with one.
            return false;
        }

        var number = value.ValueTextEquals("NaN"u8) ? double.NaN
            : value.ValueTextEquals("Infinity"u8) ? double.PositiveInfinity
            : value.ValueTextEquals("-Infinity"u8) ? double.NegativeInfinity : 0;
        switch (dtype)
        {
            case DType.Float32 when !double.IsFinite(number):
                BinaryPrimitives.WriteSingleLittleEndian(element, (float)number);
                return true;
            case DType.Float64 when !double.IsFinite(number):
                BinaryPrimitives.WriteDoubleLittleEndian(element, number);
                return true;
            default:
                return false;
        }
    }
}
