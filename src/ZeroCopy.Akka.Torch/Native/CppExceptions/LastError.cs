using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ZeroCopy.Torch.Native.CppExceptions;

/// <summary>
/// The message of the last failure on each thread, where LibTorchSharp keeps it for TorchSharp to fetch: in its only variable of that kind.
/// LibTorchSharp copies each message and nobody frees the copies, with a native stack some kilobytes each; here the copy lives until the
/// thread's next one.
/// </summary>
internal static unsafe class LastError
{
    private static LoadedLibrary? _library;
    private static delegate* unmanaged[Cdecl]<nint> _getAndReset;

    [ThreadStatic]
    private static Message? _message;

    /// <summary>Keeps LibTorchSharp's messages from now on.</summary>
    public static void Install(LoadedLibrary library)
    {
        _library = library;
        _getAndReset = (delegate* unmanaged[Cdecl]<nint>)library.Export("THSTorch_get_and_reset_last_err");
        *library.ImportSlot("strdup") = (nint)(delegate* unmanaged[Cdecl]<byte*, nint>)&Copy;
    }

    /// <summary>Sets the calling thread's message, as a failure inside LibTorchSharp does.</summary>
    public static void Set(ReadOnlySpan<byte> text)
    {
        var copy = Replace(text);
        // A first call makes the thread's variables.
        _ = _getAndReset();
        *(nint*)_library!.ThreadBlock() = copy;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nint Copy(byte* text) => Replace(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));

    private static nint Replace(ReadOnlySpan<byte> text) => (_message ??= new Message()).Replace(NativeStacks.WithoutOrigin(text));

    /// <summary>Owns a thread's message; ends after the thread.</summary>
    private sealed class Message
    {
        private nint _text;

        ~Message() => Marshal.FreeCoTaskMem(_text);

        public nint Replace(ReadOnlySpan<byte> text)
        {
            Marshal.FreeCoTaskMem(_text);
            _text = Marshal.AllocCoTaskMem(text.Length + 1);
            var copy = new Span<byte>((void*)_text, text.Length + 1);
            text.CopyTo(copy);
            copy[^1] = 0;
            return _text;
        }
    }
}
