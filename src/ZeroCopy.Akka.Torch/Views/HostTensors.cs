using ZeroCopy.Tensors;
using ZeroCopy.Torch.Native;
using static TorchSharp.torch;

namespace ZeroCopy.Torch.Views;

/// <summary>Between tensors in managed memory and torch's, by copying.</summary>
internal static unsafe class HostTensors
{
    /// <summary>A tensor on the processor; any byte but zero is true.</summary>
    public static Tensor ToTorch(this HostTensor value) => ToTorch([value], value.Layout.Shape.AsSpan());

    /// <summary>One tensor on the processor with the elements of all, one behind the other; any byte but zero is true.</summary>
    /// <param name="values">At least one; all of one element type.</param>
    /// <param name="shape">Its shape, for as many elements.</param>
    public static Tensor ToTorch(this ReadOnlySpan<HostTensor> values, ReadOnlySpan<long> shape)
    {
        var dtype = values[0].Layout.DType;
        var result = empty(shape, dtype: dtype.ToScalarType());
        var length = result.numel() * dtype.ElementSize();
        if (length == 0)
        {
            return result;
        }

        var address = (byte*)TorchNative.Data(result);
        foreach (var value in values)
        {
            var elements = new Span<byte>(address, (int)Math.Min(length, int.MaxValue));
            value.Data.Span.CopyTo(elements);
            if (dtype == DType.Bool)
            {
                // Files hold any byte for true, as Python does; libtorch computes with the byte and wants a 1.
                foreach (ref var element in elements[..value.Data.Length])
                {
                    element = element == 0 ? (byte)0 : (byte)1;
                }
            }

            address += value.Data.Length;
            length -= value.Data.Length;
        }

        return length == 0 ? result : throw new ArgumentException($"The values have {length} bytes too few for the shape.", nameof(values));
    }

    /// <summary>
    /// A copy on the host, row-major. Sparse tensors and those of oneDNN are copied as dense ones, elements that files and messages have
    /// no numbers for (quantised, floating-point ones of 8 bits, complex ones of 32) as what they stand for in the next wider type.
    /// </summary>
    /// <exception cref="NotSupportedException">Elements of another type, such as packed bits.</exception>
    public static HostTensor ToHost(this Tensor value)
    {
        using var contiguous = value.ToRowMajor();
        var layout = new TensorLayout(contiguous.dtype.ToDType(), TorchNative.Shape(contiguous));
        return new HostTensor(
            layout,
            layout.ByteLength == 0
                ? Array.Empty<byte>()
                : new ReadOnlySpan<byte>((void*)TorchNative.Data(contiguous), checked((int)layout.ByteLength)).ToArray());
    }

    /// <summary>
    /// The tensor on the host, row-major, as <see cref="ToHost"/> copies it: over the same memory where it lies so already, else a copy.
    /// The caller disposes it; no dispose scope has it.
    /// </summary>
    public static Tensor ToRowMajor(this Tensor value)
    {
        using var scope = NewDisposeScope();
        using var noGradients = no_grad();
        // Step by step: most answers need none of them, and each makes a tensor.
        var host = value.detach();
        if (host.device_type != TorchSharp.DeviceType.CPU)
        {
            host = host.cpu();
        }

        host = Plain(host);
        if (host.is_conj() || host.is_neg())
        {
            host = host.resolve_conj().resolve_neg();
        }

        return (host.is_contiguous() ? host : host.contiguous()).DetachFromDisposeScope();
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
