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
    /// A copy on the host, row-major. Sparse tensors and those of oneDNN are copied as dense ones, elements that files and messages have
    /// no numbers for (quantised, floating-point ones of 8 bits, complex ones of 32) as what they stand for in the next wider type.
    /// </summary>
    /// <exception cref="NotSupportedException">Elements of another type, such as packed bits.</exception>
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
        if (value.dtype.IsQuantized())
        {
            return value.dequantize();
        }

        // A dense tensor is left as it is.
        var dense = value.to_dense();
        return dense.dtype.Widened() is { } wider ? dense.to(wider) : dense;
    }
}
