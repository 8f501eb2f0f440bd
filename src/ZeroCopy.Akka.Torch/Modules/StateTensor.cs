using TorchSharp;
using ZeroCopy.Manifests;
using ZeroCopy.Torch.Native;

namespace ZeroCopy.Torch.Modules;

/// <summary>A tensor that a module holds under one name.</summary>
/// <param name="Name">Name with dots between levels.</param>
/// <param name="Tensor">The module's own wrapper: binding changes it in place.</param>
/// <param name="Role">What it is to the module.</param>
/// <param name="OwnedByNative">Whether libtorch's own implementation holds it, beside the wrapper.</param>
internal readonly record struct StateTensor(string Name, torch.Tensor Tensor, TensorRole Role, bool OwnedByNative)
{
    /// <summary>
    /// Equal for tied tensors: the same elements in the same order, whoever wraps them. A lazy conjugate or negative has other elements
    /// than what it is a view of.
    /// </summary>
    public object Identity => TorchNative.Data(Tensor) is not 0 and var address
        ? (address, Tensor.dtype, string.Join(',', Tensor.shape), string.Join(',', Tensor.stride()), Tensor.is_conj(), Tensor.is_neg())
        : Tensor.Handle;
}
