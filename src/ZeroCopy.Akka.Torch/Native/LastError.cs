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
    /// <summary>The version of TorchSharp that the facts above were read from; others may free messages themselves.</summary>
    public static readonly Version Known = new(0, 107, 0, 0);

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
        *slot = (nint)(delegate* unmanaged[Cdecl]<byte*, nint>)&Copy;
        return true;
    }

    /// <summary>Sets the calling thread's message, as a failure inside LibTorchSharp does.</summary>
    public static void Set(ReadOnlySpan<byte> text)
    {
        var copy = Keep(text);
        // A first call makes the thread's variables.
        _ = TorchNative.THSTorch_get_and_reset_last_err();
        *(nint*)_library!.ThreadBlock() = copy;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nint Copy(byte* text) => Keep(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));

    private static nint Keep(ReadOnlySpan<byte> text) => (_message ??= new Message()).Replace(NativeStacks.WithoutOrigin(text));

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
