using System.Reflection;
using System.Runtime.InteropServices;
using TorchSharp;
using ZeroCopy.Torch.Native;

namespace ZeroCopy.Torch.Cloning;

/// <summary>
/// The native halves of clones: every handle here has an owner of its own, so that clones and prototype die in any order.
/// </summary>
internal static unsafe class NativeClones
{
    private static readonly Delegate ForwardStub = Delegate.CreateDelegate(
        TorchInternals.ForwardNative.FieldType,
        typeof(NativeClones).GetMethod(nameof(NoForward), BindingFlags.Static | BindingFlags.NonPublic)!);

    /// <summary>A wrapper of the same class on another native tensor of the same storage.</summary>
    public static torch.Tensor Alias(torch.Tensor source, TensorSharing sharing)
    {
        nint handle = 0;
        if (!source.IsInvalid)
        {
            handle = sharing switch
            {
                // On a tensor that is not lazily conjugated this returns the very same native tensor: what a native layer reads through its
                // own member.
                TensorSharing.SameTensor => TorchNative.THSTensor_resolve_conj(source.Handle),
                TensorSharing.Copy => Detached(TorchNative.THSTensor_clone(source.Handle)),
                _ => TorchNative.THSTensor_detach(source.Handle),
            };
            if (handle == 0)
            {
                torch.CheckForErrors();
                throw new InvalidOperationException("libtorch made no alias of a tensor.");
            }

            if (sharing != TensorSharing.SameTensor && TorchNative.THSTensor_requires_grad(source.Handle))
            {
                TorchNative.THSTensor_set_requires_grad(handle, true);
            }
        }

        return Wrap(source, handle);
    }

    /// <summary>
    /// A wrapper of the same class, over the storage of <paramref name="other"/> as <paramref name="source"/> is over its own.
    /// </summary>
    public static torch.Tensor Over(torch.Tensor source, torch.Tensor other)
    {
        using var over = TensorStorage.Over(other, source);
        return Wrap(source, TorchNative.THSTensor_detach(over.Handle));
    }

    /// <summary>A wrapper of the class of <paramref name="source"/> that owns another native tensor.</summary>
    public static torch.Tensor Wrap(torch.Tensor source, nint handle)
    {
        var clone = (torch.Tensor)TorchInternals.MemberwiseClone(source);
        TorchInternals.TensorHandle(clone) = handle;
        TorchInternals.OwningScope(clone) = null;
        if (handle != 0)
        {
            Interlocked.Increment(ref TorchInternals.TensorCount(null));
        }

        return clone;
    }

    /// <summary>
    /// A wrapper of the same class, its managed fields still those of the source. A managed module gets a native module of its own; a
    /// native one gets a second owner of the native object of <paramref name="like"/>: the source itself, or a layer that was built anew in
    /// its place.
    /// </summary>
    public static torch.nn.Module Module(torch.nn.Module source, torch.nn.Module like, out SafeHandle owner)
    {
        var native = TorchInternals.IsNative(source);
        var training = source.training;
        var handle = native
            ? SecondOwner(TorchInternals.Handle(like))
            : TorchNative.THSNN_custom_module(source.GetType().Name, &TorchNative.NoForward, null);
        owner = TorchInternals.OwnModule(handle);
        if (!native && !training)
        {
            TorchNative.THSNN_Module_train(handle, false);
        }

        var clone = (torch.nn.Module)TorchInternals.MemberwiseClone(source);
        TorchInternals.ModuleHandle.SetValue(clone, owner);
        TorchInternals.BoxedModule.SetValue(clone, null);
        if (TorchInternals.ForwardNative.GetValue(source) is not null)
        {
            TorchInternals.ForwardNative.SetValue(clone, ForwardStub);
        }

        return clone;
    }

    private static nint SecondOwner(SafeHandle source)
    {
        var parent = TorchNative.THSNN_custom_module("owner", &TorchNative.NoForward, null);
        TorchNative.THSNN_Module_register_module(parent, "child", source.DangerousGetHandle());
        var second = TorchNative.THSNN_Module_child(parent, 0);
        TorchNative.THSNN_Module_dispose(parent);
        GC.KeepAlive(source);
        return second;
    }

    private static nint Detached(nint copy)
    {
        if (copy == 0)
        {
            return 0;
        }

        var detached = TorchNative.THSTensor_detach(copy);
        TorchNative.THSTensor_dispose(copy);
        return detached;
    }

    private static nint NoForward(nint tensor) => 0;
}
