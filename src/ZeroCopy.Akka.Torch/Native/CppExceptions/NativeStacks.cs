using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ZeroCopy.Torch.Native.CppExceptions;

/// <summary>
/// Leaves the native stack out of the texts of libtorch's errors. To name its frames takes milliseconds in each call that fails, hundreds
/// of times what the failure itself takes, on the thread that serves. PyTorch shows them on request only, by the same variable of the
/// environment.
/// </summary>
internal static unsafe class NativeStacks
{
    private const string Variable = "TORCH_SHOW_CPP_STACKTRACES";

    /// <summary>Leaves them out from now on, but where the environment asks for them, or libtorch has no such setting.</summary>
    public static void SwitchOff()
    {
        // The name that the linker knows says the type of the argument.
        if (Environment.GetEnvironmentVariable(Variable) == "1" || !NativeLibrary.TryLoad("libc10.so", out var library)
            || !NativeLibrary.TryGetExport(
                library,
                "_ZN3c1020SetStackTraceFetcherESt8functionIFNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEEvEE",
                out var setFetcher))
        {
            return;
        }

        // libstdc++'s std::function<std::string()>: two words of state, which this one does not need, how to copy it, how to call it.
        var fetcher = stackalloc nint[4];
        fetcher[0] = fetcher[1] = 0;
        fetcher[2] = (nint)(delegate* unmanaged[Cdecl]<nint, nint, int, byte>)&Manage;
        fetcher[3] = (nint)(delegate* unmanaged[Cdecl]<nint*, nint, nint*>)&Fetch;
        ((delegate* unmanaged[Cdecl]<nint*, void>)setFetcher)(fetcher);
    }

    /// <summary>The text of an error without its last line, where that heads a stack that was left out.</summary>
    public static ReadOnlySpan<byte> WithoutOrigin(ReadOnlySpan<byte> text) =>
        text.EndsWith("(most recent call first):\n"u8) && text.LastIndexOf("\nException raised from "u8) is >= 0 and var end
            ? text[..end]
            : text;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static byte Manage(nint target, nint source, int operation) => 0;

    // An empty std::string, whose characters lie within itself.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nint* Fetch(nint* text, nint state)
    {
        text[0] = (nint)(text + 2);
        text[1] = 0;
        text[2] = 0;
        return text;
    }
}
