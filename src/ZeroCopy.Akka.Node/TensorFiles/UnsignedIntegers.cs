using ZeroCopy.Tensors;

namespace ZeroCopy.Node.TensorFiles;

/// <summary>Integers without a sign of two, four and eight bytes, which tensors here do not have, in the next wider type that holds them.</summary>
internal static class UnsignedIntegers
{
    /// <summary>The tensor whose elements, read without a sign, are those of <paramref name="bits"/>: I16 becomes I32, I32 and I64 become I64.</summary>
    /// <exception cref="OverflowException">An element is above 2^63-1, the largest that any tensor holds; the message names it.</exception>
    public static HostTensor Widen(HostTensor bits)
    {
        var shape = bits.Layout.Shape.AsSpan();
        switch (bits.Layout.DType)
        {
            case DType.Int16:
                return HostTensor.From<int>(DType.Int32, Array.ConvertAll(bits.Values<ushort>().ToArray(), element => (int)element), shape);
            case DType.Int32:
                return HostTensor.From<long>(DType.Int64, Array.ConvertAll(bits.Values<uint>().ToArray(), element => (long)element), shape);
        }

        foreach (var element in bits.Values<ulong>())
        {
            if (element > long.MaxValue)
            {
                throw new OverflowException($"{element} is above 2^63-1, the largest integer that a tensor holds here");
            }
        }

        return bits;
    }
}
