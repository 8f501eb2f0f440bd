using TorchSharp;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Native;

namespace ZeroCopy.Torch.Views;

/// <summary>Tensors whose elements lie in memory that somebody else owns.</summary>
internal static unsafe class TensorView
{
    /// <summary>
    /// A tensor over the memory that lies <paramref name="offset"/> bytes behind <paramref name="address"/>, which
    /// <paramref name="release"/> gets back, on whatever thread, when the last tensor of the storage dies. A view of no elements takes no
    /// memory: it is released at once. The caller disposes the tensor; no dispose scope has it.
    /// </summary>
    public static torch.Tensor Create(nint address, TensorLayout layout, delegate* unmanaged[Cdecl]<nint, void> release, long offset = 0)
    {
        if (layout.ElementCount == 0)
        {
            release(address);
            return torch.empty(layout.Shape.AsSpan(), layout.DType.ToScalarType()).DetachFromDisposeScope();
        }

        var type = (sbyte)layout.DType.ToScalarType();
        nint handle;
        if (layout.IsContiguous && offset == 0)
        {
            fixed (long* sizes = layout.Shape.AsSpan())
            {
                handle = TorchNative.THSTensor_new(
                    address, release, sizes, layout.Shape.Length, type, type, (int)DeviceType.CPU, -1, false);
            }

            return Wrap(handle, address, layout, release);
        }

        var (before, rest) = Math.DivRem(offset, layout.DType.ElementSize());
        if (rest != 0)
        {
            release(address);
            throw new InvalidOperationException($"{layout} at byte {offset} of its block is not aligned.");
        }

        var length = before + layout.Extent;
        handle = TorchNative.THSTensor_new(address, release, &length, 1, type, type, (int)DeviceType.CPU, -1, false);
        using var flat = Wrap(handle, address, layout, release);
        return flat.as_strided([.. layout.Shape], [.. layout.Strides], before).DetachFromDisposeScope();
    }

    private static torch.Tensor Wrap(nint handle, nint address, TensorLayout layout, delegate* unmanaged[Cdecl]<nint, void> release)
    {
        if (handle == 0)
        {
            release(address);
            throw new InvalidOperationException($"libtorch made no tensor of {layout} at {address:x}.");
        }

        return torch.Tensor.UnsafeCreateTensor(handle).DetachFromDisposeScope();
    }
}
