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

    /// <summary>A copy on the host, row-major.</summary>
    /// <exception cref="NotSupportedException">A quantised type.</exception>
    public static HostTensor ToHost(this Tensor value)
    {
        var dtype = value.dtype.ToDType();
        using var scope = NewDisposeScope();
        var contiguous = value.detach().cpu().resolve_conj().resolve_neg().contiguous();
        return new HostTensor(
            new TensorLayout(dtype, contiguous.shape),
            contiguous.numel() == 0 ? Array.Empty<byte>() : contiguous.bytes.ToArray());
    }
}
