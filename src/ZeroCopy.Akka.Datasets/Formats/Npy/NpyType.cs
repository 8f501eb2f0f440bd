using ZeroCopy.Tensors;

namespace ZeroCopy.Datasets.Formats.Npy;

/// <summary>
/// NumPy's type descriptions, such as <c>&lt;f4</c>: byte order, kind, bytes. Format: numpy.lib.format, versions 1 to 3.
/// </summary>
internal static class NpyType
{
    /// <summary>The element type; false for one that tensors here do not have.</summary>
    /// <param name="description">
    /// The type as the header has it: <c>&lt;f4</c>, or a name that NumPy knows for it, such as <c>float32</c> or <c>f</c>.
    /// </param>
    /// <param name="dtype">The type.</param>
    /// <param name="bigEndian">Whether the bytes of a number lie in the other order.</param>
    public static bool TryParse(string description, out DType dtype, out bool bigEndian)
    {
        bigEndian = description.StartsWith('>');
        (var known, dtype) = (description is ['<' or '>' or '|' or '=', .. var kind] ? kind : description) switch
        {
            "b1" or "?" or "bool" => (true, DType.Bool),
            "u1" or "B" or "uint8" => (true, DType.UInt8),
            "u2" or "H" or "uint16" => (true, DType.UInt16),
            "u4" or "I" or "uint32" => (true, DType.UInt32),
            "u8" or "Q" or "uint64" => (true, DType.UInt64),
            "i1" or "b" or "int8" => (true, DType.Int8),
            "i2" or "h" or "int16" => (true, DType.Int16),
            "i4" or "i" or "int32" => (true, DType.Int32),
            "i8" or "q" or "int64" => (true, DType.Int64),
            "f2" or "e" or "float16" or "half" => (true, DType.Float16),
            "f4" or "f" or "float32" or "single" => (true, DType.Float32),
            "f8" or "d" or "float64" or "double" => (true, DType.Float64),
            "c8" or "F" or "complex64" => (true, DType.Complex64),
            "c16" or "D" or "complex128" => (true, DType.Complex128),
            _ => (false, default),
        };
        return known;
    }

    /// <summary>The description of an element type; null where NumPy has none.</summary>
    public static string? Describe(DType dtype) => dtype switch
    {
        DType.Bool => "|b1",
        DType.UInt8 => "|u1",
        DType.UInt16 => "<u2",
        DType.UInt32 => "<u4",
        DType.UInt64 => "<u8",
        DType.Int8 => "|i1",
        DType.Int16 => "<i2",
        DType.Int32 => "<i4",
        DType.Int64 => "<i8",
        DType.Float16 => "<f2",
        DType.Float32 => "<f4",
        DType.Float64 => "<f8",
        DType.Complex64 => "<c8",
        DType.Complex128 => "<c16",
        _ => null,
    };
}
