using ZeroCopy.Tensors;

namespace ZeroCopy.Node.TensorFiles;

/// <summary>
/// NumPy's type descriptions, such as <c>&lt;f4</c>: byte order, kind, bytes. Format: numpy.lib.format, versions 1 to 3.
/// </summary>
internal static class NpyType
{
    /// <summary>The element type; false for one that tensors here do not have.</summary>
    public static bool TryParse(string description, out DType dtype, out bool bigEndian)
    {
        bigEndian = description.StartsWith('>');
        (var known, dtype) = (description is ['<' or '>' or '|' or '=', .. var kind] ? kind : description) switch
        {
            "b1" => (true, DType.Bool),
            "u1" => (true, DType.UInt8),
            "i1" => (true, DType.Int8),
            "i2" => (true, DType.Int16),
            "i4" => (true, DType.Int32),
            "i8" => (true, DType.Int64),
            "f2" => (true, DType.Float16),
            "f4" => (true, DType.Float32),
            "f8" => (true, DType.Float64),
            "c8" => (true, DType.Complex64),
            "c16" => (true, DType.Complex128),
            _ => (false, default),
        };
        return known;
    }

    /// <summary>The description of an element type; null where NumPy has none.</summary>
    public static string? Describe(DType dtype) => dtype switch
    {
        DType.Bool => "|b1",
        DType.UInt8 => "|u1",
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
