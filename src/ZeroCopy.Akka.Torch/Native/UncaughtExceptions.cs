using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using TorchSharp;

namespace ZeroCopy.Torch.Native;

/// <summary>
/// Lets a C++ exception that LibTorchSharp does not catch fail the one call that it left. LibTorchSharp catches two kinds of exceptions, and in some
/// functions, <c>matmul</c> among them, none; .NET on Linux catches no C++ exception, so that one input of a wrong shape would end the process with all that
/// it serves.
/// </summary>
/// <remarks>
/// Where nobody catches, the C++ runtime calls its terminate handler, with the stack as it was at the throw. The handler here looks who called whom. Where
/// managed code called LibTorchSharp, it leaves the message where LibTorchSharp leaves its own, has the unwinder run the clean-ups of all native
/// frames (<c>_Unwind_ForcedUnwind</c>; Itanium C++ ABI, exception handling, section 1.6), and goes on behind the managed call as if the function had
/// given 0, upon which TorchSharp asks for the error. In all other cases the process ends as it would have, and the handler runs in no other process. Linux
/// on x64; on Windows .NET catches C++ exceptions by itself.
/// </remarks>
internal static unsafe class UncaughtExceptions
{
    // TorchSharp does not ask for an error after these, and would take their 0 for a value.
    private static readonly string[] Unchecked = ["THSTorch_scalar_", "THSData_", "THSJIT_Module_num_", "THSJIT_Type"];

    // LibTorchSharp's shortest functions are left by a jump into these, so that nothing tells which one it was.
    private static readonly string[] Callees = ["libtorch", "libc10"];

    private static readonly Lazy<bool> Installed = new(TryInstall);
    private static nint _torchSharp;
    private static nint _stop;

    [ThreadStatic]
    private static Unwinding? _unwinding;

    [ThreadStatic]
    private static int _calls;

    [ThreadStatic]
    private static string? _text;

    [ThreadStatic]
    private static bool _isUnchecked;

    [ThreadStatic]
    private static string? _unreported;

    /// <summary>Whether exceptions fail calls in this process, once <see cref="Guard"/> has been called.</summary>
    public static bool AreCaught => Installed.IsValueCreated && Installed.Value;

    /// <summary>A line for the log where exceptions end the process; null where they do not, or nothing was installed yet.</summary>
    public static string? Remark => Installed.IsValueCreated && !Installed.Value && OperatingSystem.IsLinux()
        ? $"C++ exceptions that TorchSharp {typeof(torch).Assembly.GetName().Version} does not catch end this process: failing their call instead takes "
            + $"TorchSharp {LastError.Known} on x64, and a system that lets code be made at run time."
        : null;

    /// <summary>Installs the handler in this process, once. Thread-safe.</summary>
    public static void Guard() => _ = Installed.Value;

    /// <summary>Runs a function of LibTorchSharp that is called without TorchSharp.</summary>
    /// <exception cref="ExternalException">It failed.</exception>
    public static void Run(Action native)
    {
        BeginCall();
        try
        {
            native();
            torch.CheckForErrors();
        }
        finally
        {
            EndCall();
        }
    }

    /// <summary>
    /// Begins a call that <see cref="EndCall"/> ends on this thread. In between, exceptions that TorchSharp would take for a value are kept until
    /// then; outside of calls they end the process.
    /// </summary>
    public static void BeginCall() => _calls++;

    /// <summary>Ends a call.</summary>
    /// <exception cref="ExternalException">A native function failed in it, and TorchSharp did not ask.</exception>
    public static void EndCall()
    {
        _calls--;
        if (_unreported is { } text)
        {
            _unreported = null;
            throw new ExternalException(text);
        }
    }

    private static bool TryInstall()
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            return false;
        }

        var library = new LoadedLibrary(NativeLibrary.Load(TorchNative.Library, typeof(torch).Assembly, null));
        if (!LastError.TryInstall(library)
            || TerminateHandler.TryWrite(&Visit, &Decide, &Land, CppRuntime.TerminateHandler, out _stop) is not { } handler)
        {
            return false;
        }

        // Not at the first failure, when nothing may fail any more.
        RuntimeHelpers.RunClassConstructor(typeof(Unwinding).TypeHandle);
        _torchSharp = library.Base;
        CppRuntime.TerminateHandler = handler;
        return true;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Visit(nint context, nint nothing)
    {
        (_unwinding ??= new Unwinding()).Visit(context);
        return 0;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static TerminateHandler.Registers* Decide()
    {
        if (_unwinding is not { } unwinding || !unwinding.TryFinish(out var called) || !CppRuntime.HasCurrentException)
        {
            return null;
        }

        var isJump = called.Base != _torchSharp;
        if (isJump && !Callees.Any(callee => called.File.StartsWith(callee, StringComparison.Ordinal)))
        {
            return null;
        }

        _isUnchecked = isJump || !called.Function.StartsWith("THS", StringComparison.Ordinal)
            || Unchecked.Any(prefix => called.Function.StartsWith(prefix, StringComparison.Ordinal));
        if (_isUnchecked && _calls == 0)
        {
            return null;
        }

        _text = CppRuntime.DescribeCurrent();
        CppRuntime.EndCatch();
        return unwinding.Begin(_stop);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static TerminateHandler.Registers* Land(nint context)
    {
        // Not before: what native frames clean up may call LibTorchSharp, which forgets the last error then.
        if (_isUnchecked)
        {
            _unreported ??= _text;
        }
        else
        {
            LastError.Set(Encoding.UTF8.GetBytes(_text!));
        }

        _text = null;
        return _unwinding!.End(context);
    }
}
