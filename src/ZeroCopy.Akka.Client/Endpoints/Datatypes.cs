using ZeroCopy.Client.Tensors;
using ZeroCopy.Tensors;

namespace ZeroCopy.Client.Endpoints;

/// <summary>Element types of endpoints and of the protocol.</summary>
internal static class Datatypes
{
    private static readonly (DType DType, Datatype Datatype)[] Pairs =
    [
        (DType.Bool, Datatype.Bool), (DType.UInt8, Datatype.UInt8), (DType.UInt16, Datatype.UInt16), (DType.UInt32, Datatype.UInt32),
        (DType.UInt64, Datatype.UInt64), (DType.Int8, Datatype.Int8), (DType.Int16, Datatype.Int16), (DType.Int32, Datatype.Int32),
        (DType.Int64, Datatype.Int64), (DType.Float16, Datatype.Float16), (DType.BFloat16, Datatype.BFloat16),
        (DType.Float32, Datatype.Float32), (DType.Float64, Datatype.Float64),
    ];

    /// <summary>The protocol's type; null where it has none.</summary>
    public static Datatype? Of(DType dtype)
    {
        foreach (var pair in Pairs)
        {
            if (pair.DType == dtype)
            {
                return pair.Datatype;
            }
        }

        return null;
    }

    /// <summary>The element type; null for texts.</summary>
    public static DType? Of(Datatype datatype)
    {
        foreach (var pair in Pairs)
        {
            if (pair.Datatype == datatype)
            {
                return pair.DType;
            }
        }

        return null;
    }
}
