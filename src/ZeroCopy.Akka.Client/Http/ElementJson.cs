using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
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
            case Datatype.UInt8:
                return TryReadWhole<byte>(value, element);
            case Datatype.UInt16:
                return TryReadWhole<ushort>(value, element);
            case Datatype.UInt32:
                return TryReadWhole<uint>(value, element);
            case Datatype.UInt64:
                return TryReadWhole<ulong>(value, element);
            case Datatype.Int8:
                return TryReadWhole<sbyte>(value, element);
            case Datatype.Int16:
                return TryReadWhole<short>(value, element);
            case Datatype.Int32:
                return TryReadWhole<int>(value, element);
            case Datatype.Int64:
                return TryReadWhole<long>(value, element);
            default:
                return false;
        }
    }

    private static double? TryReadFloat(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => value.GetDouble(),
        // As it stands there: none of the names needs an escape.
        JsonValueKind.String => value.GetRawText() switch
        {
            "\"NaN\"" => double.NaN,
            "\"Infinity\"" => double.PositiveInfinity,
            "\"-Infinity\"" => double.NegativeInfinity,
            _ => null,
        },
        _ => null,
    };

    private static bool TryReadWhole<T>(JsonElement value, Span<byte> element)
        where T : IBinaryInteger<T>
    {
        if (value.ValueKind != JsonValueKind.Number)
        {
            return false;
        }

        // What neither holds is no whole number, or none of the protocol's.
        var number = value.TryGetInt64(out var signed) ? signed : value.TryGetUInt64(out var unsigned) ? unsigned : Int128.MaxValue;
        var whole = T.CreateTruncating(number);
        return Int128.CreateTruncating(whole) == number && whole.TryWriteLittleEndian(element, out _);
    }

    private static void WriteFloat(Utf8JsonWriter writer, float value)
    {
        if (float.IsFinite(value) && value != 0)
        {
            writer.WriteNumberValue(value);
        }
        else
        {
            WriteFloat(writer, (double)value);
        }
    }

    private static void WriteFloat(Utf8JsonWriter writer, double value)
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
