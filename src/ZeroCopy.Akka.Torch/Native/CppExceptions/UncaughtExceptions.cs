using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace ZeroCopy.Torch.Native.CppExceptions;

/// <summary>
/// Lets a C++ exception that LibTorchSharp does not catch fail the one call that it left, where it would end the process. The README beside
/// this file says how, what it does to a process, and what remains unsafe.
/// </summary>
internal static unsafe class UncaughtExceptions
{
    /// <summary>
    /// The build of LibTorchSharp that all of this was read from and tried with: that of TorchSharp 0.107.0 for Linux on x64.
    /// </summary>
    public const string WrittenFor = "c7acb41096447cc131b8427a1bb86e6f4544e8ff";

    // TorchSharp does not ask for an error after these, and would take their 0 for a value.
    private static readonly string[] Unchecked = ["THSTorch_scalar_", "THSData_", "THSJIT_Module_num_", "THSJIT_Type"];

    // LibTorchSharp's shortest functions are left by a jump into these, so that nothing tells which one it was.
    private static readonly string[] Callees = ["libtorch", "libc10"];

    private static readonly ConcurrentDictionary<string, bool> Reported = new();
    private static Action<string>? _report;
    private static nint _torchSharp;
    private static nint _stop;

    [ThreadStatic]
    private static Unwinding? _unwinding;

    [ThreadStatic]
    private static string? _text;

    [ThreadStatic]
    private static bool _isUnchecked;

    /// <summary>Whether exceptions fail calls in this process.</summary>
    public static bool AreCaught => _report is not null;

    /// <summary>Installs the handler in this process, for good; called once.</summary>
    /// <param name="torchSharp">LibTorchSharp, loaded.</param>
    /// <param name="report">
    /// Gets a line for the log when an exception leaves a function for the first time, on a thread of the .NET pool.
    /// </param>
    /// <returns>Null, or why it was left out: what a sentence says after "because".</returns>
    public static string? TryInstall(nint torchSharp, Action<string> report)
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            return "this is not Linux on x64";
        }

        var library = new LoadedLibrary(torchSharp);
        if (library.BuildId != WrittenFor)
        {
            return $"LibTorchSharp has the build id {library.BuildId ?? "none"} here, and what is known of it holds for {WrittenFor}";
        }

        if (TerminateHandler.TryWrite(&Visit, &TryCatch, &Arrive, CppRuntime.TerminateHandler, out _stop) is not { } handler)
        {
            return "this system lets no code be made at run time";
        }

        // Not at the first failure, when nothing may fail any more.
        RuntimeHelpers.RunClassConstructor(typeof(Unwinding).TypeHandle);
        LastError.Install(library);
        NativeStacks.SwitchOff();
        _torchSharp = library.Base;
        _report = report;
        CppRuntime.TerminateHandler = handler;
        return null;
    }

    // Later: a log is no business of a thread that is being rescued.
    private static void Report(string function, string text)
    {
        if (Reported.TryAdd(function, true))
        {
            ThreadPool.UnsafeQueueUserWorkItem(
                line => _report!(line),
                $"A C++ exception left {function}, where TorchSharp catches none: its call failed, and the process, which would have "
                + $"ended, goes on. Said once for each function. {text.Trim().ReplaceLineEndings(" ")}",
                preferLocal: false);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Visit(nint context, nint nothing)
    {
        (_unwinding ??= new Unwinding()).Visit(context);
        return 0;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static TerminateHandler.Registers* TryCatch()
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
        if (_isUnchecked && !CheckedCall.IsUnderWay)
        {
            return null;
        }

        _text = CppRuntime.DescribeCurrent();
        CppRuntime.EndCatch();
        Report(called.Function.Length > 0 ? called.Function : called.File, _text);
        return unwinding.Begin(_stop);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static TerminateHandler.Registers* Arrive(nint context)
    {
        // Not before: what native frames clean up may call LibTorchSharp, which forgets the last error then.
        if (_isUnchecked)
        {
            CheckedCall.RecordFailure(_text!);
        }
        else
        {
            LastError.Set(Encoding.UTF8.GetBytes(_text!));
        }

        _text = null;
        return _unwinding!.End(context);
    }
}
