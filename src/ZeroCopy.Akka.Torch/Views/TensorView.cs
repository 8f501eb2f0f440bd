using TorchSharp;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Native;

namespace ZeroCopy.Torch.Views;

/// <summary>Tensors whose elements lie in memory that somebody else owns.</summary>
internal static unsafe class TensorView
{
    /// <summary>
    /// A tensor over the dense memory at <paramref name="address"/>, which <paramref name="release"/> gets back, on whatever thread, when
    /// the last tensor of the storage dies. A view of no elements takes no memory: it is released at once. The caller disposes the tensor;
    /// no dispose scope has it.
    /// </summary>
    public static torch.Tensor Create(nint address, TensorLayout layout, delegate* unmanaged[Cdecl]<nint, void> release)
    {
        if (!layout.IsContiguous || layout.ElementCount == 0)
        {
            return Create(address, layout.ByteLength, layout, 0, release);
        }

        fixed (long* sizes = layout.Shape.AsSpan())
        {
            return New(address, sizes, layout.Shape.Length, layout, release);
        }
    }

    /// <summary>
    /// As above, of what lies <paramref name="offset"/> bytes behind <paramref name="address"/>: the tensor's storage is all the
    /// <paramref name="bytes"/> there.
    /// </summary>
    public static torch.Tensor Create(
        nint address, long bytes, TensorLayout layout, long offset, delegate* unmanaged[Cdecl]<nint, void> release)
    {
        if (layout.ElementCount == 0)
        {
            release(address);
            return torch.empty(layout.Shape.AsSpan(), layout.DType.ToScalarType()).DetachFromDisposeScope();
        }

        var (before, rest) = Math.DivRem(offset, layout.DType.ElementSize());
        if (rest != 0)
        {
            release(address);
            throw new InvalidOperationException($"{layout} at byte {offset} of its block is not aligned.");
        }

        var length = bytes / layout.DType.ElementSize();
        using var flat = New(address, &length, 1, layout, release);
        return flat.as_strided([.. layout.Shape], [.. layout.Strides], before).DetachFromDisposeScope();
    }

    private static torch.Tensor New(
        nint address, long* sizes, int dimensions, TensorLayout layout, delegate* unmanaged[Cdecl]<nint, void> release)
    {
        var type = (sbyte)layout.DType.ToScalarType();
        var handle = TorchNative.THSTensor_new(address, release, sizes, dimensions, type, type, (int)DeviceType.CPU, -1, false);
        if (handle == 0)
        {
            release(address);
            throw new InvalidOperationException($"libtorch made no tensor of {layout} at {address:x}.");
        }

        return torch.Tensor.UnsafeCreateTensor(handle).DetachFromDisposeScope();
    }
}
