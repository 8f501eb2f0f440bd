using System.Diagnostics.CodeAnalysis;

namespace ZeroCopy.Tensors;

/// <summary>Sizes and names of element types.</summary>
public static class DTypeExtensions
{
    private static readonly Dictionary<string, DType> ByToken =
        Enum.GetValues<DType>().ToDictionary(dtype => dtype.ToToken(), StringComparer.Ordinal);

    /// <summary>Bits of one element. Elements of less than a byte are packed without gaps.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not a member of <see cref="DType"/>.</exception>
    public static int ElementBits(this DType dtype) => dtype switch
    {
        DType.Float4E2M1 => 4,
        DType.Float6E2M3 or DType.Float6E3M2 => 6,
        DType.Bool or DType.UInt8 or DType.Int8 or DType.Float8E4M3 or DType.Float8E5M2 or DType.Float8E8M0 or DType.Float8E4M3Fnuz
            or DType.Float8E5M2Fnuz => 8,
        DType.Int16 or DType.UInt16 or DType.Float16 or DType.BFloat16 => 16,
        DType.Int32 or DType.UInt32 or DType.Float32 => 32,
        DType.Int64 or DType.UInt64 or DType.Float64 or DType.Complex64 => 64,
        DType.Complex128 => 128,
        _ => throw Unknown(dtype),
    };

    /// <summary>Bytes of one element.</summary>
    /// <exception cref="NotSupportedException">An element takes no whole bytes, see <see cref="ElementBits"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The value is not a member of <see cref="DType"/>.</exception>
    public static int ElementSize(this DType dtype) => dtype.ElementBits() is var bits && bits % 8 == 0
        ? bits / 8
        : throw new NotSupportedException($"An element of {dtype.ToToken()} takes {bits} bits, no whole bytes.");

    /// <summary>
    /// The name that safetensors headers and our manifests use, such as <c>F32</c> or <c>BF16</c>.
    /// <c>C128</c> is ours: the safetensors format has no such type.
    /// </summary>
    public static string ToToken(this DType dtype) => dtype switch
    {
        DType.Bool => "BOOL",
        DType.UInt8 => "U8",
        DType.Int8 => "I8",
        DType.Int16 => "I16",
        DType.UInt16 => "U16",
        DType.Int32 => "I32",
        DType.UInt32 => "U32",
        DType.Int64 => "I64",
        DType.UInt64 => "U64",
        DType.Float4E2M1 => "F4",
        DType.Float6E2M3 => "F6_E2M3",
        DType.Float6E3M2 => "F6_E3M2",
        DType.Float8E4M3 => "F8_E4M3",
        DType.Float8E5M2 => "F8_E5M2",
        DType.Float8E8M0 => "F8_E8M0",
        DType.Float8E4M3Fnuz => "F8_E4M3FNUZ",
        DType.Float8E5M2Fnuz => "F8_E5M2FNUZ",
        DType.Float16 => "F16",
        DType.BFloat16 => "BF16",
        DType.Float32 => "F32",
        DType.Float64 => "F64",
        DType.Complex64 => "C64",
        DType.Complex128 => "C128",
        _ => throw Unknown(dtype),
    };

    /// <summary>The inverse of <see cref="ToToken"/>; false for a name that is not one of ours.</summary>
    public static bool TryParseToken([NotNullWhen(true)] string? token, out DType dtype)
    {
        dtype = default;
        return token is not null && ByToken.TryGetValue(token, out dtype);
    }

    private static ArgumentOutOfRangeException Unknown(DType dtype) => new(nameof(dtype), dtype, "Not a tensor element type.");
}
