using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text.Json;
using ZeroCopy.Tensors;

namespace ZeroCopy.Node.TensorFiles;

/// <summary>
/// One JSON value to the bytes of one element, the other way of <see cref="ElementJson"/>. A value that the type cannot hold is refused,
/// never rounded to infinity or cut.
/// </summary>
internal static class JsonNumber
{
    /// <summary>The types that a tensor in JSON may have.</summary>
    public static IReadOnlyList<DType> Types { get; } =
    [
        DType.Bool, DType.UInt8, DType.Int8, DType.UInt16, DType.Int16, DType.UInt32, DType.Int32, DType.UInt64, DType.Int64, DType.Float16,
        DType.BFloat16, DType.Float32, DType.Float64, DType.Complex64, DType.Complex128,
    ];

    public static bool TryWrite(JsonElement value, DType dtype, Span<byte> destination)
    {
        switch (dtype)
        {
            case DType.Bool when value.ValueKind is JsonValueKind.True or JsonValueKind.False:
                destination[0] = value.ValueKind == JsonValueKind.True ? (byte)1 : (byte)0;
                return true;
            case DType.UInt8:
                return Integer<byte>(value, destination);
            case DType.UInt16:
                return Integer<ushort>(value, destination);
            case DType.UInt32:
                return Integer<uint>(value, destination);
            case DType.UInt64:
                return value.ValueKind == JsonValueKind.Number && value.TryGetUInt64(out var unsigned)
                    && BinaryPrimitives.TryWriteUInt64LittleEndian(destination, unsigned);
            case DType.Int8:
                return Integer<sbyte>(value, destination);
            case DType.Int16:
                return Integer<short>(value, destination);
            case DType.Int32:
                return Integer<int>(value, destination);
            case DType.Int64:
                return Integer<long>(value, destination);
            case DType.Float16:
                return Float(value, destination, number => (Half)number);
            case DType.BFloat16:
                return BrainFloat(value, destination);
            case DType.Float32:
                return Float(value, destination, number => (float)number);
            case DType.Float64:
                return Float(value, destination, number => number);
            default:
                return false;
        }
    }

    private static bool Integer<T>(JsonElement value, Span<byte> destination)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt64(out var number)
            || number < long.CreateChecked(T.MinValue) || number > long.CreateChecked(T.MaxValue))
        {
            return false;
        }

        T.CreateChecked(number).WriteLittleEndian(destination);
        return true;
    }

    private static bool Float<T>(JsonElement value, Span<byte> destination, Func<double, T> convert)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T result;
        switch (value.ValueKind)
        {
            case JsonValueKind.Number:
                result = convert(value.GetDouble());
                if (!T.IsFinite(result))
                {
                    return false;
                }

                break;
            case JsonValueKind.String when value.ValueEquals("NaN"):
                result = T.NaN;
                break;
            case JsonValueKind.String when value.ValueEquals("Infinity"):
                result = T.PositiveInfinity;
                break;
            case JsonValueKind.String when value.ValueEquals("-Infinity"):
                result = T.NegativeInfinity;
                break;
            default:
                return false;
        }

        MemoryMarshal.Write(destination, in result);
        return true;
    }

    /// <summary>The upper half of a binary32, rounded to the nearest, ties to even.</summary>
    private static bool BrainFloat(JsonElement value, Span<byte> destination)
    {
        Span<byte> single = stackalloc byte[sizeof(float)];
        if (!Float(value, single, number => (float)number))
        {
            return false;
        }

        var bits = BinaryPrimitives.ReadUInt32LittleEndian(single);
        var number = BitConverter.UInt32BitsToSingle(bits);
        var rounded = float.IsFinite(number) ? (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16 : bits >> 16;
        BinaryPrimitives.WriteUInt16LittleEndian(destination, (ushort)rounded);
        return !float.IsFinite(number) || float.IsFinite(BitConverter.UInt32BitsToSingle(rounded << 16));
    }
}
