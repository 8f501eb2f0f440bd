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
/// given 0, upon which TorchSharp asks for the error. In all other cases the process ends as it would have. Nothing of this runs in a process that would
/// not end. Linux on x64; on Windows .NET catches C++ exceptions by itself.
/// </remarks>
internal static unsafe class UncaughtExceptions
{
    // TorchSharp does not ask for an error after these, and would take their 0 for a value. Conversions of scalars are left by a jump into functions of C++.
    private static readonly string[] Unchecked = ["_Z", "THSTorch_scalar_", "THSGenerator_", "THSData_", "THSJIT_Module_num_", "THSJIT_Type"];

    private static readonly Lazy<bool> Installed = new(TryInstall);
    private static nint _torchSharp;
    private static nint _stop;

    [ThreadStatic]
    private static Unwinding? _unwinding;

    [ThreadStatic]
    private static int _calls;

    [ThreadStatic]
    private static string? _unreported;

    /// <summary>Whether exceptions fail calls in this process, once <see cref="Guard"/> has been called.</summary>
    public static bool AreCaught => Installed.IsValueCreated && Installed.Value;

    /// <summary>A line for the log where exceptions end the process; null where they do not, or nothing was installed yet.</summary>
    public static string? Remark => Installed.IsValueCreated && !Installed.Value && OperatingSystem.IsLinux()
        ? $"TorchSharp {typeof(torch).Assembly.GetName().Version} on {RuntimeInformation.ProcessArchitecture} is not known here: "
            + "a C++ exception that it does not catch ends the process."
        : null;

    /// <summary>Installs the handler in this process, once. Thread-safe.</summary>
    public static void Guard() => _ = Installed.Value;

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
        if (_unwinding is not { } unwinding || !unwinding.IsCallInto(_torchSharp, out var function) || unwinding.IsUnderWay
            || !CppRuntime.HasCurrentException)
        {
            return null;
        }

        var isUnchecked = function == "" || Unchecked.Any(prefix => function.StartsWith(prefix, StringComparison.Ordinal));
        if (isUnchecked && _calls == 0)
        {
            return null;
        }

        var text = CppRuntime.DescribeCurrent();
        CppRuntime.EndCatch();
        if (isUnchecked)
        {
            _unreported ??= text;
        }
        else
        {
            LastError.Set(Encoding.UTF8.GetBytes(text));
        }

        return unwinding.Begin(_stop);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static TerminateHandler.Registers* Land(nint context) => _unwinding!.End(context);
}
