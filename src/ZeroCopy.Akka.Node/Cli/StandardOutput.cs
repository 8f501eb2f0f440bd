using System.Runtime.InteropServices;

namespace ZeroCopy.Node.Cli;

/// <summary>
/// The process's standard output, kept for answers. Native code prints where it likes, as a script's <c>print</c> does: on Linux and
/// macOS all of that goes to standard error.
/// </summary>
internal static class StandardOutput
{
    private const int Output = 1;
    private const int Error = 2;

    /// <summary>Takes standard output away from everybody else; called once, before anything is printed.</summary>
    /// <returns>The one way to it from now on.</returns>
    /// <exception cref="IOException">The system refuses.</exception>
    public static TextWriter Take()
    {
        // Both look at the descriptor when they are first asked: the writer keeps a copy of it, the answer is kept as it is.
        var writer = Console.Out;
        _ = Console.IsOutputRedirected;
        if (!OperatingSystem.IsWindows() && Redirect(Error, Output) < 0)
        {
            throw new IOException($"Standard output cannot be kept for answers: {Marshal.GetLastPInvokeErrorMessage()}.");
        }

        // Where errors cannot be told, nobody is left to tell that: the work and its exit code go on.
        Console.SetError(new ConsoleWriter(Console.Error, _ => { }));
        // What is managed asks for it by name, as Akka does for what it logs at its end.
        Console.SetOut(Console.Error);
        return new ConsoleWriter(
            writer, e => throw new IOException($"Standard output cannot be written: {(e.InnerException ?? e).Message.TrimEnd('.')}.", e));
    }

    [DllImport("libc", EntryPoint = "dup2", SetLastError = true)]
    private static extern int Redirect(int from, int to);
}
