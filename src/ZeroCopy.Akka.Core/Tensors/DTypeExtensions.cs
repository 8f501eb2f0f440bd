using System.Diagnostics.CodeAnalysis;

namespace ZeroCopy.Tensors;

/// <summary>Sizes and names of element types.</summary>
public static class DTypeExtensions
{
    /// <summary>Bytes of one element.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not a member of <see cref="DType"/>.</exception>
    public static int ElementSize(this DType dtype) => dtype switch
    {
        DType.Bool or DType.UInt8 or DType.Int8 => 1,
        DType.Int16 or DType.Float16 or DType.BFloat16 => 2,
        DType.Int32 or DType.Float32 => 4,
        DType.Int64 or DType.Float64 or DType.Complex64 => 8,
        DType.Complex128 => 16,
        _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "Not a tensor element type."),
    };

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
        DType.Int32 => "I32",
        DType.Int64 => "I64",
        DType.Float16 => "F16",
        DType.BFloat16 => "BF16",
        DType.Float32 => "F32",
        DType.Float64 => "F64",
        DType.Complex64 => "C64",
        DType.Complex128 => "C128",
        _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "Not a tensor element type."),
    };

    /// <summary>The inverse of <see cref="ToToken"/>; false for a name that is not one of ours.</summary>
    public static bool TryParseToken([NotNullWhen(true)] string? token, out DType dtype)
    {
        (var known, dtype) = token switch
        {
            "BOOL" => (true, DType.Bool),
            "U8" => (true, DType.UInt8),
            "I8" => (true, DType.Int8),
            "I16" => (true, DType.Int16),
            "I32" => (true, DType.Int32),
            "I64" => (true, DType.Int64),
            "F16" => (true, DType.Float16),
            "BF16" => (true, DType.BFloat16),
            "F32" => (true, DType.Float32),
            "F64" => (true, DType.Float64),
            "C64" => (true, DType.Complex64),
            "C128" => (true, DType.Complex128),
            _ => (false, default),
        };
        return known;
    }
}
