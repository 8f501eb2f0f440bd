using System.Diagnostics;

namespace ZeroCopy.Torch.Native;

/// <summary>
/// What a program's log should say of the native libraries, a line each. Lines are few: each source says a thing once. Thread-safe.
/// </summary>
internal static class LibraryWarnings
{
    private static readonly Lock Gate = new();
    private static readonly List<string> Said = [];
    private static Action<string>? _logs;

    /// <summary>The lines so far.</summary>
    public static string[] Lines
    {
        get
        {
            lock (Gate)
            {
                return [.. Said];
            }
        }
    }

    /// <summary>Writes a line to all logs there are, and to the trace <c>ZeroCopy.Torch</c>.</summary>
    public static void Add(string line)
    {
        Action<string>? logs;
        lock (Gate)
        {
            Said.Add(line);
            logs = _logs;
        }

        Trace.WriteLine(line, "ZeroCopy.Torch");
        logs?.Invoke(line);

    }

    /// <summary>Has each line written to a log once, those so far now; until the answer is disposed. The log must not throw.</summary>
    public static IDisposable Subscribe(Action<string> log)
    {
        // Equal delegates, of one log that subscribes twice, are told apart.
        Action<string> own = line => log(line);
        string[] earlier;
        lock (Gate)
        {
            earlier = [.. Said];
            _logs += own;
        }

        Array.ForEach(earlier, own);
        return new Subscription(own);
    }

    private sealed class Subscription(Action<string> log) : IDisposable
    {
        public void Dispose()
        {
            lock (Gate)
            {
                _logs -= log;
            }
        }
    }
}
