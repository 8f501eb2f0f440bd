using ZeroCopy.Tensors;
using static TorchSharp.torch;

namespace ZeroCopy.Torch.Views;

/// <summary>Between tensors in managed memory and torch's, by copying.</summary>
internal static class HostTensors
{
    /// <summary>A tensor on the processor; any byte but zero is true.</summary>
    public static Tensor ToTorch(this HostTensor value)
    {
        var result = empty([.. value.Layout.Shape], dtype: value.Layout.DType.ToScalarType());
        if (value.Data.Length > 0)
        {
            var elements = value.Data.ToArray();
            if (value.Layout.DType == DType.Bool)
            {
                // Files hold any byte for true, as Python does; libtorch computes with the byte and wants a 1.
                for (var i = 0; i < elements.Length; i++)
                {
                    elements[i] = elements[i] == 0 ? (byte)0 : (byte)1;
                }
            }

            result.bytes = elements;
        }

        return result;
    }

    /// <summary>
    /// A copy on the host, row-major. Sparse tensors and those of oneDNN are copied as dense ones, quantised and 8-bit floating-point ones as what they
    /// stand for in 32 bits, integers without a sign in the next wider type.
    /// </summary>
    /// <exception cref="NotSupportedException">Elements of another type, or an integer above 2^63-1.</exception>
    public static HostTensor ToHost(this Tensor value)
    {
        using var scope = NewDisposeScope();
        var contiguous = Plain(value.detach().cpu()).resolve_conj().resolve_neg().contiguous();
        return new HostTensor(
            new TensorLayout(contiguous.dtype.ToDType(), contiguous.shape),
            contiguous.numel() == 0 ? Array.Empty<byte>() : contiguous.bytes.ToArray());
    }

    private static Tensor Plain(Tensor value)
    {
        switch ((NativeType)value.dtype)
        {
            case NativeType.QInt8 or NativeType.QUInt8 or NativeType.QInt32:
                return value.dequantize();
            case NativeType.Float8E5M2 or NativeType.Float8E4M3 or NativeType.Float8E5M2WithoutZero or NativeType.Float8E4M3WithoutZero:
                return value.to_dense().to(ScalarType.Float32);
            case NativeType.ComplexHalf:
                return value.to_dense().to(ScalarType.ComplexFloat32);
            case NativeType.UInt16:
                return value.to_dense().to(ScalarType.Int32);
            case NativeType.UInt32:
                return value.to_dense().to(ScalarType.Int64);
            case NativeType.UInt64:
                var signed = value.to_dense().to(ScalarType.Int64);
                return signed.numel() == 0 || signed.min().item<long>() >= 0
                    ? signed
                    : throw new NotSupportedException("A tensor of type UInt64 has an element above 2^63-1, the largest integer that is taken here.");
            default:
                // A dense tensor is left as it is.
                return value.to_dense();
        }
    }

    /// <summary>Element types of libtorch that TorchSharp has no names for, by their numbers in c10/core/ScalarType.h.</summary>
    private enum NativeType : sbyte
    {
        ComplexHalf = 8,
        QInt8 = 12,
        QUInt8 = 13,
        QInt32 = 14,
        Float8E5M2 = 23,
        Float8E4M3 = 24,
        Float8E5M2WithoutZero = 25,
        Float8E4M3WithoutZero = 26,
        UInt16 = 27,
        UInt32 = 28,
        UInt64 = 29,
    }
}
