using System.Diagnostics;

namespace ZeroCopy.Bench.Measuring;

/// <summary>
/// Calls that are sent when their time has come, whether or not those before were answered, in steps of the system's timer, about a
/// millisecond. The sender is a thread of its own: what answers is not to delay it.
/// </summary>
internal static class OpenLoop
{
    /// <summary>Sends calls, and ends when all that were sent have ended.</summary>
    /// <param name="seconds">The times of the calls from the start on, ascending.</param>
    /// <param name="call">Sends one: its number, and the timestamp that it was due at.</param>
    /// <param name="stop">Ends the sending.</param>
    /// <returns>What each of them returned.</returns>
    /// <exception cref="OperationCanceledException">The sending was to end; what was sent has ended.</exception>
    public static async Task<T[]> SendAsync<T>(IEnumerable<double> seconds, Func<int, long, Task<T>> call, CancellationToken stop)
    {
        var sent = new List<Task<T>>();
        var sender = new Thread(() =>
        {
            var start = Stopwatch.GetTimestamp();
            foreach (var second in seconds)
            {
                var due = start + (long)(second * Stopwatch.Frequency);
                while (Stopwatch.GetTimestamp() < due && !stop.IsCancellationRequested)
                {
                    var wait = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due).TotalMilliseconds;
                    stop.WaitHandle.WaitOne((int)Math.Clamp(wait, 1, int.MaxValue));
                }

                if (stop.IsCancellationRequested)
                {
                    return;
                }

                sent.Add(call(sent.Count, due));
            }
        });
        sender.Start();
        await Task.Run(sender.Join, CancellationToken.None).ConfigureAwait(false);
        var ended = await Task.WhenAll(sent).ConfigureAwait(false);
        stop.ThrowIfCancellationRequested();
        return ended;
    }
}
