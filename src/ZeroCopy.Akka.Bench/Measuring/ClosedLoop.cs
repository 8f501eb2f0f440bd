using System.Diagnostics;

namespace ZeroCopy.Bench.Measuring;

/// <summary>Calls each of which is sent when one before it was answered.</summary>
internal static class ClosedLoop
{
    /// <summary>Calls a second, so many at a time.</summary>
    public static async Task<double> RateAsync(int calls, int concurrency, Func<Task> call)
    {
        var next = 0;
        var start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, concurrency).Select(async _ =>
        {
            while (Interlocked.Increment(ref next) <= calls)
            {
                await call().ConfigureAwait(false);
            }
        })).ConfigureAwait(false);
        return calls / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Median time of a call in microseconds, one after the other.</summary>
    public static async Task<double> MedianAsync(int calls, Func<Task> call)
    {
        var times = new double[calls];
        for (var index = 0; index < calls; index++)
        {
            var start = Stopwatch.GetTimestamp();
            await call().ConfigureAwait(false);
            times[index] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        }

        return new Samples(times).Median;
    }
}
