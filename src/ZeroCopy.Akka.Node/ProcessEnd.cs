using System.Runtime.InteropServices;
using ZeroCopy.Torch.Native.CppExceptions;

namespace ZeroCopy.Node;

/// <summary>The end of the process while a model still computes, such as in a call that nobody waits for any more.</summary>
internal static class ProcessEnd
{
    /// <summary>
    /// Returns the exit code where nothing computes. Else ends the process here: an end as usual destroys the objects that libtorch works
    /// with, under the threads that do, and the process crashes.
    /// </summary>
    public static int With(int exitCode, TextWriter error)
    {
        var running = CheckedCall.Running;
        if (running > 0 && !OperatingSystem.IsWindows())
        {
            var calls = running == 1 ? "call that still runs ends" : "calls that still run end";
            error.WriteLine($"zerocopy: {running} {calls} with the process.");
            error.Flush();
            Console.Out.Flush();
            EndNow(exitCode);
        }

        return exitCode;
    }

    [DllImport("libc", EntryPoint = "_exit")]
    private static extern void EndNow(int exitCode);
}
