namespace ZeroCopy.Client.Tensors;

/// <summary>Names and sizes of element types.</summary>
public static class DatatypeExtensions
{
    private static readonly (Datatype Datatype, string Name, int Size, Type Type)[] All =
    [
        (Datatype.Bool, "BOOL", 1, typeof(bool)),
        (Datatype.UInt8, "UINT8", 1, typeof(byte)),
        (Datatype.UInt16, "UINT16", 2, typeof(ushort)),
        (Datatype.UInt32, "UINT32", 4, typeof(uint)),
        (Datatype.UInt64, "UINT64", 8, typeof(ulong)),
        (Datatype.Int8, "INT8", 1, typeof(sbyte)),
        (Datatype.Int16, "INT16", 2, typeof(short)),
        (Datatype.Int32, "INT32", 4, typeof(int)),
        (Datatype.Int64, "INT64", 8, typeof(long)),
        (Datatype.Float16, "FP16", 2, typeof(Half)),
        (Datatype.BFloat16, "BF16", 2, typeof(BFloat16)),
        (Datatype.Float32, "FP32", 4, typeof(float)),
        (Datatype.Float64, "FP64", 8, typeof(double)),
        (Datatype.Bytes, "BYTES", 0, typeof(string)),
    ];

    /// <summary>The name that the protocol uses, such as <c>FP32</c>.</summary>
    public static string ToName(this Datatype datatype) => All[(int)datatype].Name;

    /// <summary>Bytes of one element; 0 for <see cref="Datatype.Bytes"/>, whose elements have lengths of their own.</summary>
    public static int ElementSize(this Datatype datatype) => All[(int)datatype].Size;

    /// <summary>The inverse of <see cref="ToName"/>; false for what is no name.</summary>
    public static bool TryParse(string? name, out Datatype datatype)
    {
        foreach (var one in All)
        {
            if (one.Name == name)
            {
                datatype = one.Datatype;
                return true;
            }
        }

        datatype = default;
        return false;
    }

    /// <summary>The element type that a type of .NET has on the wire.</summary>
    /// <exception cref="NotSupportedException">It has none.</exception>
    internal static Datatype Of<T>()
        where T : unmanaged
    {
        foreach (var one in All)
        {
            if (one.Type == typeof(T))
            {
                return one.Datatype;
            }
        }

        throw new NotSupportedException(
            $"{typeof(T)} is no element type of the protocol; there are: {string.Join(", ", All.Select(one => one.Type.Name))}.");
    }
}
