using System.Reflection;
using System.Runtime.InteropServices;
using TorchSharp;
using ZeroCopy.Torch.Native;
using ZeroCopy.Torch.Native.CppExceptions;

namespace ZeroCopy.Torch.Guards;

/// <summary>The native libraries behind TorchSharp, as one process uses them. Thread-safe.</summary>
public static class TorchLibrary
{
    private const string CatchVariable = "ZEROCOPY_CATCH_CPP_EXCEPTIONS";
    private static readonly Lock Deciding = new();
    private static bool _catches = Environment.GetEnvironmentVariable(CatchVariable) != "0";
    private static bool _isDecided;

    /// <summary>
    /// Whether a C++ exception that TorchSharp does not catch, such as that of <c>matmul</c> of tensors that do not fit, fails its call;
    /// else it ends the process. On, but where the environment says <c>ZEROCOPY_CATCH_CPP_EXCEPTIONS=0</c>; set it before a model is opened
    /// or put. It changes how the whole process deals with C++ exceptions that nobody catches, and acts for one build of TorchSharp's
    /// library on Linux x64 only: with another, <see cref="Remark"/> says that exceptions end the process. On Windows .NET catches them by
    /// itself.
    /// </summary>
    /// <remarks>
    /// It is no protection from native code that crashes: a segmentation fault ends the process in any case. A model that can do that
    /// belongs into a process of its own, which is cheap as its weights are shared.
    /// </remarks>
    /// <exception cref="InvalidOperationException">Set to another value after <see cref="Guard"/>, which every runtime calls.</exception>
    public static bool CatchesCppExceptions
    {
        get
        {
            lock (Deciding)
            {
                return _catches;
            }
        }

        set
        {
            lock (Deciding)
            {
                if (_isDecided && value != _catches)
                {
                    throw new InvalidOperationException(
                        $"TorchLibrary.CatchesCppExceptions is {_catches} in this process since its first model was opened or put, and "
                        + $"cannot become {value} any more: set it, or the setting zerocopy.inference.catch-cpp-exceptions, before.");
                }

                _catches = value;
            }
        }
    }

    /// <summary>
    /// What was done to the libraries, and which functions were left by a C++ exception: null where there is nothing to say yet, else a
    /// line each. All but the first kind, a copy of the library that is loaded on older systems, are also written to the trace
    /// <c>ZeroCopy.Torch</c> and, as warnings, to the log of the host's actor system.
    /// </summary>
    public static string? Remark =>
        string.Join('\n', LibraryWarnings.Lines.Prepend(MendedLibrary.Remark).OfType<string>()) is { Length: > 0 } remarks ? remarks : null;

    /// <summary>The version of libtorch that this is built for.</summary>
    internal static string Version => typeof(TorchLibrary).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .First(attribute => attribute.Key == "LibTorchVersion").Value!;

    /// <summary>
    /// Loads the libraries now, which TorchSharp does at its first call otherwise. Idempotent.
    /// </summary>
    /// <exception cref="DllNotFoundException">
    /// The system lacks what they need, or no package brought libtorch; the message names what was tried.
    /// </exception>
    public static void Load() => _ = Open();

    /// <summary>
    /// Loads the library, and compares on x86 processors what oneDNN computes with the same by hand. Where that is wrong, as it is for
    /// small LSTMs and many convolutions on some of them, oneDNN is switched off in this process. Where
    /// <see cref="CatchesCppExceptions"/> holds, exceptions fail their calls from then on, and the native stack, which takes milliseconds
    /// for each, is left out of the texts of errors; as for PyTorch, <c>TORCH_SHOW_CPP_STACKTRACES=1</c> in the environment brings it back.
    /// A runtime does all that before it opens a model; call it in a program that computes before. Idempotent; takes milliseconds beside
    /// loading.
    /// </summary>
    /// <exception cref="DllNotFoundException">As <see cref="Load"/>.</exception>
    public static void Guard()
    {
        var library = Open();
        OneDnn.Guard();
        lock (Deciding)
        {
            if (_isDecided)
            {
                return;
            }

            if (_catches && UncaughtExceptions.TryInstall(library, LibraryWarnings.Add) is { } reason && OperatingSystem.IsLinux())
            {
                LibraryWarnings.Add($"C++ exceptions that TorchSharp does not catch end this process, because {reason}.");
            }

            _isDecided = true;
        }
    }

    private static nint Open() => NativeLibrary.Load(TorchNative.Library, typeof(torch).Assembly, null);
}
