using System.Diagnostics;
using System.Globalization;

namespace ZeroCopy.Bench.Suites.Restarts;

/// <summary>What became of <see cref="SteadyCalls"/>.</summary>
/// <param name="start">Timestamp of the first.</param>
/// <param name="calls">All of them.</param>
internal sealed class CallTally(long start, IReadOnlyList<EndedCall> calls)
{
    /// <summary>Calls that ended with a failure, or not at all.</summary>
    public int Failed => calls.Count(call => call.Failure is not null);

    /// <summary>Calls that did not end.</summary>
    public int Lost => calls.Count(call => call.Failure == EndedCall.Lost);

    /// <summary>The longest time without an answer.</summary>
    public TimeSpan Gap
    {
        get
        {
            var ends = calls.Where(call => call.Failure is null).Select(call => call.End).Append(start).Order().ToArray();
            return ends.Zip(ends.Skip(1), Stopwatch.GetElapsedTime).DefaultIfEmpty().Max();
        }
    }

    public override string ToString()
    {
        var failures = calls.Select(call => call.Failure).OfType<string>().CountBy(failure => failure).Select(
            failure => string.Create(CultureInfo.InvariantCulture, $"{failure.Value} {failure.Key}"));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{calls.Count} calls, the longest gap {Gap.TotalMilliseconds:N0} ms, "
            + $"failed: {string.Join(", ", failures.DefaultIfEmpty("none"))}");
    }
}
