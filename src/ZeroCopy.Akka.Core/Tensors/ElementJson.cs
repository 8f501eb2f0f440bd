using System.Buffers.Binary;
using System.Text.Json;

namespace ZeroCopy.Tensors;

/// <summary>
/// Writes elements as JSON, each number so that it is read back bit for bit. Numbers that JSON has no form for are the strings <c>NaN</c>,
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

    private static void WriteFloat(Utf8JsonWriter writer, float value)
    {
        if (float.IsFinite(value))
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
        if (double.IsFinite(value))
        {
            writer.WriteNumberValue(value);
        }
        else
        {
            writer.WriteStringValue(double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
        }
    }
}
