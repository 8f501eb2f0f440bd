using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using ZeroCopy.Client.Memory;
using ZeroCopy.Client.Tensors;

namespace ZeroCopy.Client.Http;

/// <summary>
/// Elements of tensors as values of JSON. Numbers that JSON has no form for are the strings <c>NaN</c>, <c>Infinity</c> and
/// <c>-Infinity</c>; floats of 16 bits have none at all.
/// </summary>
internal static class ElementJson
{
    /// <summary>Writes all elements of an input.</summary>
    /// <exception cref="ArgumentException">They have no form in JSON.</exception>
    public static void Write(Utf8JsonWriter writer, InferInput input)
    {
        if (input.Datatype == Datatype.Bytes)
        {
            foreach (var text in ByteStrings.Decode(input.Data)!)
            {
                writer.WriteStringValue(text.Span);
            }

            return;
        }

        var data = input.Data.Span;
        switch (input.Datatype)
        {
            case Datatype.Bool:
                WriteEach<bool>(data, writer.WriteBooleanValue);
                break;
            case Datatype.UInt8:
                WriteEach<byte>(data, value => writer.WriteNumberValue(value));
                break;
            case Datatype.UInt16:
                WriteEach<ushort>(data, value => writer.WriteNumberValue(value));
                break;
            case Datatype.UInt32:
                WriteEach<uint>(data, writer.WriteNumberValue);
                break;
            case Datatype.UInt64:
                WriteEach<ulong>(data, writer.WriteNumberValue);
                break;
            case Datatype.Int8:
                WriteEach<sbyte>(data, value => writer.WriteNumberValue(value));
                break;
            case Datatype.Int16:
                WriteEach<short>(data, value => writer.WriteNumberValue(value));
                break;
            case Datatype.Int32:
                WriteEach<int>(data, writer.WriteNumberValue);
                break;
            case Datatype.Int64:
                WriteEach<long>(data, writer.WriteNumberValue);
                break;
            case Datatype.Float32:
                WriteEach<float>(data, value => WriteFloat(writer, value));
                break;
            case Datatype.Float64:
                WriteEach<double>(data, value => WriteFloat(writer, value));
                break;
            default:
                throw new ArgumentException(
                    $"Input '{input.Name}' is {input.Datatype.ToName()}, which JSON has no form for: send it with "
                    + $"{nameof(InferenceClientOptions)}.{nameof(InferenceClientOptions.BinaryTensors)}.");
        }
    }

    /// <summary>Writes an element's bytes; false where the value is no such element.</summary>
    public static bool TryRead(JsonElement value, Datatype datatype, Span<byte> element)
    {
        switch (datatype)
        {
            case Datatype.Bool when value.ValueKind is JsonValueKind.True or JsonValueKind.False:
                element[0] = value.GetBoolean() ? (byte)1 : (byte)0;
                return true;
            case Datatype.Float32 when TryReadFloat(value) is { } number:
                BinaryPrimitives.WriteSingleLittleEndian(element, (float)number);
                return true;
            case Datatype.Float64 when TryReadFloat(value) is { } number:
                BinaryPrimitives.WriteDoubleLittleEndian(element, number);
                return true;
            case Datatype.Float16 when TryReadFloat(value) is { } number:
                BinaryPrimitives.WriteHalfLittleEndian(element, (Half)number);
                return true;
            case Datatype.BFloat16 when TryReadFloat(value) is { } number:
                BinaryPrimitives.WriteUInt16LittleEndian(element, ((BFloat16)(float)number).ToBits());
                return true;
            default:
                return value.ValueKind == JsonValueKind.Number && TryReadWhole(value, datatype, element);
        }
    }

    private static double? TryReadFloat(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => value.GetDouble(),
        JsonValueKind.String when value.ValueEquals("NaN") => double.NaN,
        JsonValueKind.String when value.ValueEquals("Infinity") => double.PositiveInfinity,
        JsonValueKind.String when value.ValueEquals("-Infinity") => double.NegativeInfinity,
        _ => null,
    };

    private static bool TryReadWhole(JsonElement value, Datatype datatype, Span<byte> element)
    {
        switch (datatype)
        {
            case Datatype.UInt8 when value.TryGetByte(out var number):
                element[0] = number;
                return true;
            case Datatype.UInt16 when value.TryGetUInt16(out var number):
                BinaryPrimitives.WriteUInt16LittleEndian(element, number);
                return true;
            case Datatype.UInt32 when value.TryGetUInt32(out var number):
                BinaryPrimitives.WriteUInt32LittleEndian(element, number);
                return true;
            case Datatype.UInt64 when value.TryGetUInt64(out var number):
                BinaryPrimitives.WriteUInt64LittleEndian(element, number);
                return true;
            case Datatype.Int8 when value.TryGetSByte(out var number):
                element[0] = (byte)number;
                return true;
            case Datatype.Int16 when value.TryGetInt16(out var number):
                BinaryPrimitives.WriteInt16LittleEndian(element, number);
                return true;
            case Datatype.Int32 when value.TryGetInt32(out var number):
                BinaryPrimitives.WriteInt32LittleEndian(element, number);
                return true;
            case Datatype.Int64 when value.TryGetInt64(out var number):
                BinaryPrimitives.WriteInt64LittleEndian(element, number);
                return true;
            default:
                return false;
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
            writer.WriteStringValue(value.ToString(CultureInfo.InvariantCulture));
        }
    }

    private static void WriteFloat(Utf8JsonWriter writer, double value)
    {
        if (double.IsFinite(value))
        {
            writer.WriteNumberValue(value);
        }
        else
        {
            writer.WriteStringValue(value.ToString(CultureInfo.InvariantCulture));
        }
    }

    private static void WriteEach<T>(ReadOnlySpan<byte> elements, Action<T> write)
        where T : unmanaged
    {
        foreach (var value in MemoryMarshal.Cast<byte, T>(elements))
        {
            write(value);
        }
    }
}
