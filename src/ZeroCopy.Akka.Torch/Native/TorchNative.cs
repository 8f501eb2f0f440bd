using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;
using ZeroCopy.Torch.Native.CppExceptions;

namespace ZeroCopy.Torch.Native;

/// <summary>
/// The entry points of LibTorchSharp that TorchSharp itself calls too, without the managed wrappers that it puts around them.
/// </summary>
internal static unsafe partial class TorchNative
{
    public const string Library = "LibTorchSharp";

    static TorchNative() => NativeLibrary.SetDllImportResolver(typeof(TorchNative).Assembly, static (name, _, _) =>
    {
        if (name != Library)
        {
            return 0;
        }

        var library = NativeLibrary.Load(name, typeof(torch).Assembly, null);
        RequireEntryPoints(library);
        return library;
    });

    /// <summary>Fails where the library is of a version of TorchSharp that this code does not know.</summary>
    /// <exception cref="EntryPointNotFoundException">Names what is missing.</exception>
    public static void RequireEntryPoints(nint library)
    {
        var missing = typeof(TorchNative).GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
            .Where(
                method => method.Attributes.HasFlag(MethodAttributes.PinvokeImpl)
                    && !NativeLibrary.TryGetExport(library, method.Name, out _))
            .Select(method => method.Name).ToList();
        if (missing.Count > 0)
        {
            throw new EntryPointNotFoundException(
                $"The native library of TorchSharp {typeof(torch).Assembly.GetName().Version} lacks {string.Join(", ", missing)}: "
                + "use the version of TorchSharp that ZeroCopy.Akka.Torch was built with.");
        }
    }

    /// <summary>The address of a tensor's first element; 0 for a META tensor.</summary>
    public static nint Data(torch.Tensor tensor) =>
        tensor.device_type == DeviceType.META || tensor.numel() == 0 ? 0 : THSTensor_data(tensor.Handle);

    /// <summary>
    /// The sizes of a tensor's dimensions. TorchSharp's own property hands libtorch a delegate each time, which takes longer than a small
    /// layer.
    /// </summary>
    public static long[] Shape(torch.Tensor tensor)
    {
        var handle = tensor.Handle;
        var shape = new long[THSTensor_ndimension(handle)];
        for (var i = 0; i < shape.Length; i++)
        {
            shape[i] = THSTensor_size(handle, i);
        }

        GC.KeepAlive(tensor);
        return shape;
    }

    /// <summary>What a tensor is made of.</summary>
    public static TensorKind KindOf(torch.Tensor tensor)
    {
        var handle = tensor.Handle;
        var kind = new TensorKind(
            (torch.ScalarType)THSTensor_type(handle),
            (DeviceType)THSTensor_device_type(handle),
            THSTensor_device_index(handle),
            THSTensor_is_sparse(handle));
        GC.KeepAlive(tensor);
        return kind;
    }

    /// <summary>Another owner of a native module below another one, found by its place at each level.</summary>
    public static nint Child(SafeHandle module, params ReadOnlySpan<int> path)
    {
        var owner = module.DangerousGetHandle();
        foreach (var place in path)
        {
            var child = THSNN_Module_child(owner, place);
            if (owner != module.DangerousGetHandle())
            {
                THSNN_Module_dispose(owner);
            }

            owner = child;
        }

        GC.KeepAlive(module);
        return owner;
    }

    /// <summary>
    /// Moves a native module's own tensors, to the CPU or a CUDA device; the wrapper does not know where they are.
    /// </summary>
    /// <exception cref="ExternalException">libtorch failed; the device may have too little memory.</exception>
    public static void Move(torch.nn.Module module, torch.Device device)
    {
        CheckedCall.Run(
            () => THSNN_Module_to_device(
                TorchInternals.Handle(module).DangerousGetHandle(), (long)device.type, device.index, nonBlocking: false));
        GC.KeepAlive(module);
    }

    [DllImport(Library)]
    public static extern nint THSTensor_new(
        nint data,
        delegate* unmanaged[Cdecl]<nint, void> deleter,
        long* sizes,
        int length,
        sbyte type,
        sbyte dtype,
        int deviceType,
        int deviceIndex,
        [MarshalAs(UnmanagedType.U1)] bool requiresGrad);

    [DllImport(Library)]
    public static extern nint THSTensor_data(nint tensor);

    [DllImport(Library)]
    private static extern sbyte THSTensor_type(nint tensor);

    [DllImport(Library)]
    private static extern int THSTensor_device_type(nint tensor);

    [DllImport(Library)]
    private static extern int THSTensor_device_index(nint tensor);

    [DllImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    private static extern bool THSTensor_is_sparse(nint tensor);

    [DllImport(Library)]
    private static extern long THSTensor_ndimension(nint tensor);

    [DllImport(Library)]
    private static extern long THSTensor_size(nint tensor, long dimension);

    [DllImport(Library)]
    public static extern long THSTensor_storage_offset(nint tensor);

    [DllImport(Library)]
    public static extern nint THSStorage_data_ptr(nint tensor);

    [DllImport(Library)]
    public static extern ulong THSStorage_nbytes(nint tensor);

    [DllImport(Library)]
    public static extern nint THSTensor_detach(nint tensor);

    [DllImport(Library)]
    public static extern nint THSTensor_clone(nint tensor);

    [DllImport(Library)]
    public static extern nint THSTensor_resolve_conj(nint tensor);

    [DllImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    public static extern bool THSTensor_requires_grad(nint tensor);

    [DllImport(Library)]
    public static extern void THSTensor_set_requires_grad(nint tensor, [MarshalAs(UnmanagedType.U1)] bool value);

    [DllImport(Library)]
    public static extern void THSTensor_dispose(nint tensor);

    [DllImport(Library)]
    public static extern nint THSJIT_load_byte_array(nint bytes, long length, long deviceType, long deviceIndex);

    [DllImport(Library)]
    public static extern void THSJIT_Module_eval(nint module);

    [DllImport(Library)]
    public static extern nint THSNN_custom_module(
        [MarshalAs(UnmanagedType.LPStr)] string name, delegate* unmanaged[Cdecl]<nint, nint> forward, nint* boxed);

    [DllImport(Library)]
    public static extern void THSNN_Module_train(nint module, [MarshalAs(UnmanagedType.U1)] bool on);

    [DllImport(Library)]
    public static extern void THSNN_Module_register_module(nint module, [MarshalAs(UnmanagedType.LPStr)] string name, nint child);

    [DllImport(Library)]
    public static extern nint THSNN_Module_child(nint module, int index);

    [DllImport(Library)]
    private static extern void THSNN_Module_to_device(nint module, long type, long index, [MarshalAs(UnmanagedType.U1)] bool nonBlocking);

    [DllImport(Library)]
    public static extern void THSNN_Module_dispose(nint module);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    public static nint NoForward(nint tensor) => 0;

    /// <summary>What a tensor is made of, its shape apart.</summary>
    internal readonly record struct TensorKind(torch.ScalarType Type, DeviceType Device, int DeviceIndex, bool IsSparse);
}
