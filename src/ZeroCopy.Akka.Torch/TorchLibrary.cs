using System.Reflection;
using System.Runtime.InteropServices;
using TorchSharp;
using ZeroCopy.Torch.Native;

namespace ZeroCopy.Torch;

/// <summary>The native libraries behind TorchSharp.</summary>
public static class TorchLibrary
{
    /// <summary>
    /// Loads the libraries now, which TorchSharp does at its first call otherwise. Idempotent and thread-safe.
    /// </summary>
    /// <exception cref="DllNotFoundException">
    /// The system lacks what they need, or no package brought libtorch; the message names what was tried.
    /// </exception>
    public static void Load() => NativeLibrary.Load(TorchNative.Library, typeof(torch).Assembly, null);

    /// <summary>
    /// Loads the library, and compares on processors with AVX-512 what oneDNN computes with the same by hand. Where that is
    /// wrong, as it is for small LSTMs and many convolutions on some of them, oneDNN is switched off in this process. On Linux it lets C++ exceptions
    /// that TorchSharp does not catch fail their call, where they would end the process, and leaves the native stack out of the texts of errors, which
    /// takes milliseconds for each; as for PyTorch, <c>TORCH_SHOW_CPP_STACKTRACES=1</c> in the environment brings it back. A runtime does all that
    /// before it opens a model; call it in a program that computes before. Idempotent and thread-safe; takes milliseconds beside loading.
    /// </summary>
    public static void Guard()
    {
        Load();
        OneDnn.Guard();
        UncaughtExceptions.Guard();
        NativeStacks.Guard();
    }

    /// <summary>
    /// What was done to the libraries: null where nothing had to be or they were not needed yet, else a line each for the log. What was found
    /// of the processor is also written to the trace <c>ZeroCopy.Torch</c>.
    /// </summary>
    public static string? Remark => string.Join('\n', Remarks.OfType<string>()) is { Length: > 0 } remarks ? remarks : null;

    /// <summary>The version of libtorch that this is built for.</summary>
    internal static string Version => typeof(TorchLibrary).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .First(attribute => attribute.Key == "LibTorchVersion").Value!;

    private static string?[] Remarks => [MendedLibrary.Remark, OneDnn.Remark, UncaughtExceptions.Remark, ThreadNumber.Remark];
}
