using System.Runtime.InteropServices;
using TorchSharp;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Native.CppExceptions;

namespace ZeroCopy.Torch.Native;

/// <summary>The memory that a dense tensor is a view of, from its first byte to its last one: PyTorch's storage.</summary>
internal static class TensorStorage
{
    /// <summary>Whether a tensor has one: not a sparse one, nor one of oneDNN, nor one on META.</summary>
    public static bool IsUnder(torch.Tensor tensor)
    {
        if (tensor.IsInvalid || tensor.is_sparse || tensor.device_type == DeviceType.META)
        {
            return false;
        }

        try
        {
            CheckedCall.Run(() => TorchNative.Data(tensor));
            return true;
        }
        catch (ExternalException)
        {
            // The only way to ask.
            return false;
        }
    }

    /// <summary>The address of its first byte, one for all tensors on it; 0 where the tensor has no elements.</summary>
    public static nint Address(torch.Tensor tensor)
    {
        var address = TorchNative.Data(tensor) == 0 ? 0 : TorchNative.THSStorage_data_ptr(tensor.Handle);
        GC.KeepAlive(tensor);
        return address;
    }

    /// <summary>The tensor's first element in it.</summary>
    public static long Offset(torch.Tensor tensor)
    {
        var offset = TorchNative.THSTensor_storage_offset(tensor.Handle);
        GC.KeepAlive(tensor);
        return offset;
    }

    /// <summary>Whether the tensor has all of it, each byte once.</summary>
    public static bool IsFilledBy(torch.Tensor tensor) => Length(tensor) == tensor.numel() * tensor.ElementSize
        && TensorLayout.AreDense(tensor.shape, tensor.stride());

    /// <summary>All of it, as bytes. The caller disposes the result, which no dispose scope has.</summary>
    public static torch.Tensor Bytes(torch.Tensor tensor)
    {
        using var none = None(tensor, torch.ScalarType.Byte);
        return none.as_strided([Length(tensor)], [1], 0).DetachFromDisposeScope();
    }

    /// <summary>
    /// A tensor over the storage of <paramref name="other"/>, where <paramref name="tensor"/> is over its own. The caller disposes it; no
    /// dispose scope has it.
    /// </summary>
    public static torch.Tensor Over(torch.Tensor other, torch.Tensor tensor)
    {
        using var none = None(other, tensor.dtype);
        return none.as_strided(tensor.shape, tensor.stride(), Offset(tensor)).DetachFromDisposeScope();
    }

    /// <summary>A tensor of no elements on a tensor's storage, whose bytes <c>set_</c> reads as another type without a word.</summary>
    private static torch.Tensor None(torch.Tensor tensor, torch.ScalarType dtype)
    {
        using var plain = tensor.detach();
        using var start = plain.as_strided([0], [1], 0);
        return torch.empty([0], dtype: dtype, device: tensor.device).set_(start).DetachFromDisposeScope();
    }

    private static long Length(torch.Tensor tensor)
    {
        var bytes = checked((long)TorchNative.THSStorage_nbytes(tensor.Handle));
        GC.KeepAlive(tensor);
        return bytes;
    }
}
