using ZeroCopy.Tensors;

namespace ZeroCopy.Serving.Protocol;

/// <summary>
/// The protocol's names of element types: <c>BOOL</c>, <c>INT32</c>, <c>FP32</c>, … and <c>BYTES</c>, which are texts here.
/// </summary>
internal static class Datatype
{
    /// <summary>Texts: in JSON strings, in binary their UTF-8 bytes behind a length of four bytes.</summary>
    public const string Bytes = "BYTES";

    private static readonly (string Name, DType DType)[] Names =
    [
        ("BOOL", DType.Bool), ("UINT8", DType.UInt8), ("UINT16", DType.UInt16), ("UINT32", DType.UInt32), ("UINT64", DType.UInt64),
        ("INT8", DType.Int8), ("INT16", DType.Int16), ("INT32", DType.Int32), ("INT64", DType.Int64), ("FP16", DType.Float16),
        ("BF16", DType.BFloat16), ("FP32", DType.Float32), ("FP64", DType.Float64),
    ];

    /// <summary>All names, for messages.</summary>
    public static string All { get; } = string.Join(", ", Names.Select(pair => pair.Name).Append(Bytes));

    /// <summary>The element type of a name; null for <see cref="Bytes"/> and what is no name.</summary>
    public static DType? Find(string name)
    {
        foreach (var pair in Names)
        {
            if (pair.Name == name)
            {
                return pair.DType;
            }
        }

        return null;
    }

    /// <summary>The name of an element type; null where the protocol has none.</summary>
    public static string? NameOf(DType dtype)
    {
        foreach (var pair in Names)
        {
            if (pair.DType == dtype)
            {
                return pair.Name;
            }
        }

        return null;
    }

    /// <summary>The name of an output's element type.</summary>
    /// <exception cref="RequestException">The protocol has none for it.</exception>
    public static string OfOutput(NamedTensor output) => output.IsText ? Bytes : NameOf(output.DType) ?? throw new RequestException(
        501, $"Output '{output.Name}' is a tensor of {output.DType}, for which the protocol has no datatype.");

    /// <summary>Whether elements of the type can stand in JSON; the half-width floats come as binary alone.</summary>
    public static bool IsInJson(DType dtype) => dtype is not (DType.Float16 or DType.BFloat16);
}
