using System.Runtime.InteropServices;
using TorchSharp;

namespace ZeroCopy.Torch.Native.CppExceptions;

/// <summary>
/// A call on this thread in which no failure of LibTorchSharp goes unnoticed: TorchSharp does not ask every function whether it failed, and
/// takes the 0 that it then returns for a value.
/// </summary>
internal static class CheckedCall
{
    [ThreadStatic]
    private static int _depth;

    [ThreadStatic]
    private static string? _failure;

    private static int _running;

    /// <summary>Threads of the process that have a call under way.</summary>
    public static int Running => Volatile.Read(ref _running);

    /// <summary>Whether a call is under way on this thread, whose end tells what is kept.</summary>
    public static bool IsUnderWay => _depth > 0;

    /// <summary>Runs a function of LibTorchSharp that is called without TorchSharp.</summary>
    /// <exception cref="ExternalException">It failed.</exception>
    public static void Run(Action native)
    {
        Begin();
        try
        {
            native();
            torch.CheckForErrors();
        }
        finally
        {
            End();
        }
    }

    /// <summary>Begins a call that <see cref="End"/> ends on this thread.</summary>
    public static void Begin()
    {
        if (_depth++ == 0)
        {
            Interlocked.Increment(ref _running);
        }
    }

    /// <summary>Ends a call.</summary>
    /// <exception cref="ExternalException">A native function failed in it, and TorchSharp did not ask.</exception>
    public static void End()
    {
        if (--_depth == 0)
        {
            Interlocked.Decrement(ref _running);
        }

        if (_failure is { } failure)
        {
            _failure = null;
            throw new ExternalException(failure);
        }
    }

    /// <summary>Keeps what TorchSharp will not ask for. The first failure counts: those behind it may come from its wrong value.</summary>
    public static void RecordFailure(string failure) => _failure ??= failure;
}
