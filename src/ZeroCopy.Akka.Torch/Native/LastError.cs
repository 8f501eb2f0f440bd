using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;

namespace ZeroCopy.Torch.Native;

/// <summary>
/// The message of the last failure on each thread, where LibTorchSharp keeps it for TorchSharp to fetch: in its only variable of that kind. LibTorchSharp
/// copies each message and nobody frees the copies, with a native stack some kilobytes each; here the copy lives until the thread's next one.
/// </summary>
internal static unsafe class LastError
{
    // Which one the facts above were read from; others may free messages themselves.
    private static readonly Version Known = new(0, 107, 0, 0);
    private static LoadedLibrary? _library;

    [ThreadStatic]
    private static Message? _message;

    /// <summary>Frees messages that were fetched, from now on; does nothing for a version of TorchSharp that this code does not know.</summary>
    public static bool TryInstall(LoadedLibrary library)
    {
        if (typeof(torch).Assembly.GetName().Version != Known || library.ImportSlot("strdup") is var slot && slot == null)
        {
            return false;
        }

        _library = library;
        *slot = (nint)(delegate* unmanaged[Cdecl]<nint, nint>)&Copy;
        return true;
    }

    /// <summary>Sets the calling thread's message, as a failure inside LibTorchSharp does.</summary>
    public static void Set(string text)
    {
        var copy = Marshal.StringToCoTaskMemUTF8(text);
        // A first call makes the thread's variables.
        _ = TorchNative.THSTorch_get_and_reset_last_err();
        *(nint*)_library!.ThreadBlock() = Keep(copy);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nint Copy(nint text)
    {
        var bytes = MemoryMarshal.CreateReadOnlySpanFromNullTerminated((byte*)text);
        var copy = Marshal.AllocCoTaskMem(bytes.Length + 1);
        new ReadOnlySpan<byte>((void*)text, bytes.Length + 1).CopyTo(new Span<byte>((void*)copy, bytes.Length + 1));
        return Keep(copy);
    }

    private static nint Keep(nint text) => (_message ??= new Message()).Replace(text);

    /// <summary>Owns a thread's message; ends after the thread.</summary>
    private sealed class Message
    {
        private nint _text;

        ~Message() => Marshal.FreeCoTaskMem(_text);

        public nint Replace(nint text)
        {
            Marshal.FreeCoTaskMem(_text);
            return _text = text;
        }
    }
}
