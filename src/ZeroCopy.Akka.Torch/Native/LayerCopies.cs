using System.Runtime.InteropServices;
using TorchSharp;

namespace ZeroCopy.Torch.Native;

/// <summary>
/// Copies of libtorch's own layers (embeddings, recurrent layers, attention), whose options cannot be read back. libtorch copies a layer by
/// <c>torch::nn::Module::clone</c>, a virtual method that LibTorchSharp does not export, so it is called through the layer's table of virtual methods: at
/// the index where the base class's table, which libtorch exports, holds the base class's method, which it exports too. Source of the tables' layout:
/// Itanium C++ ABI, 2.5 Virtual Table Layout.
/// </summary>
internal static unsafe class LayerCopies
{
    // Two words lie before the first method: the offset to the top of the object, and the type.
    private const int Header = 2;
    private const int MostMethods = 32;

    private static readonly nint BaseMethod = Export("_ZNK5torch2nn6Module5cloneERKSt8optionalIN3c106DeviceEE");
    private static readonly int Index = Find();

    /// <summary>
    /// A native module of the same options, whose tensors are new and hold arbitrary values; 0 where the layer or this platform allows none. The caller
    /// owns it.
    /// </summary>
    public static nint Copy(SafeHandle layer)
    {
        if (Index < 0)
        {
            return 0;
        }

        // What LibTorchSharp passes around is a pointer to a std::shared_ptr on the heap, which it deletes.
        var module = *(nint*)layer.DangerousGetHandle();
        var clone = (*(nint**)module)[Index];
        if (clone == BaseMethod)
        {
            // Not overridden: the base class's method does nothing but throw.
            return 0;
        }

        var copy = (nint)NativeMemory.AllocZeroed((nuint)(2 * sizeof(nint)));
        long sameDevice = 0;
        ((delegate* unmanaged[Cdecl]<nint, nint, long*, nint>)clone)(copy, module, &sameDevice);
        GC.KeepAlive(layer);
        return copy;
    }

    private static int Find()
    {
        // The way in which the result is passed is that of this platform's calling convention.
        var table = (nint*)Export("_ZTVN5torch2nn6ModuleE");
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64 || table is null || BaseMethod == 0)
        {
            return -1;
        }

        return new ReadOnlySpan<nint>(table + Header, MostMethods).IndexOf(BaseMethod);
    }

    private static nint Export(string name) =>
        NativeLibrary.TryGetExport(NativeLibrary.Load("LibTorchSharp", typeof(torch).Assembly, null), name, out var address) ? address : 0;
}
