using System.Diagnostics;

namespace ZeroCopy.Bench.Measuring;

/// <summary>
/// Measures two things in turn, so that a machine that speeds up or slows down during the run does it to both.
/// </summary>
internal static class Interleaved
{
    /// <summary>Times both, in milliseconds, <paramref name="rounds"/> times each after one round that does not count.</summary>
    public static async Task<(Samples Value, Samples Baseline)> TimeAsync(
        int rounds, Func<Task> value, Func<Task> baseline, CancellationToken cancellationToken) =>
        await SampleAsync(rounds, () => MillisecondsAsync(value), () => MillisecondsAsync(baseline), cancellationToken)
            .ConfigureAwait(false);

    /// <summary>Takes samples that both functions measure themselves.</summary>
    public static async Task<(Samples Value, Samples Baseline)> SampleAsync(
        int rounds, Func<Task<double>> value, Func<Task<double>> baseline, CancellationToken cancellationToken)
    {
        var values = new List<double>(rounds);
        var baselines = new List<double>(rounds);
        for (var round = -1; round < rounds; round++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (first, second) = (await baseline().ConfigureAwait(false), await value().ConfigureAwait(false));
            if (round >= 0)
            {
                baselines.Add(first);
                values.Add(second);
            }
        }

        return (new Samples(values), new Samples(baselines));
    }

    /// <summary>Times one.</summary>
    public static async Task<double> MillisecondsAsync(Func<Task> action)
    {
        var start = Stopwatch.GetTimestamp();
        await action().ConfigureAwait(false);
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }
}
