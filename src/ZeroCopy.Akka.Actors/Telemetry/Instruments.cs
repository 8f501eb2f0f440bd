using System.Diagnostics;
using System.Diagnostics.Metrics;
using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Telemetry;

/// <summary>
/// Metrics and traces of calls, under the name <see cref="SourceName"/>. An instrument that nobody listens to costs one branch.
/// </summary>
public static class Instruments
{
    /// <summary>Name of the meter and of the activity source.</summary>
    public const string SourceName = "ZeroCopy.Akka";

    private static readonly Meter Meter = new(SourceName);
    private static readonly ActivitySource Activities = new(SourceName);
    private static readonly UpDownCounter<long> Pending = Meter.CreateUpDownCounter<long>(
        "zerocopy.calls.pending", "{call}", "Calls that are queued or running.");

    private static readonly Histogram<double> Duration = Meter.CreateHistogram<double>(
        "zerocopy.calls.duration", "s", "Time from call to the end of its work.");

    private static readonly Counter<long> Failures = Meter.CreateCounter<long>("zerocopy.calls.failed", "{call}", "Calls not answered, by reason.");
    private static readonly Histogram<int> Batches = Meter.CreateHistogram<int>("zerocopy.batches.rows", "{row}", "Rows of joined calls.");
    private static readonly UpDownCounter<long> Leases = Meter.CreateUpDownCounter<long>("zerocopy.leases", "{lease}", "Leases that actors hold.");

    internal static Activity? StartCall(string owner) => Activities.HasListeners() ? Activities.StartActivity($"call {owner}") : null;

    internal static void Entered(string owner) => Add(Pending, 1, owner);

    internal static void Left(string owner, TimeSpan duration)
    {
        Add(Pending, -1, owner);
        if (Duration.Enabled)
        {
            Duration.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("owner", owner));
        }
    }

    internal static void Failed(string owner, Exception reason, Activity? activity)
    {
        activity?.SetStatus(ActivityStatusCode.Error, reason.Message);
        if (Failures.Enabled)
        {
            var failure = reason is InferenceException inference ? inference.Failure.ToString() : reason.GetType().Name;
            Failures.Add(1, new("owner", owner), new("failure", failure));
        }
    }

    internal static void Joined(string owner, int rows)
    {
        if (Batches.Enabled)
        {
            Batches.Record(rows, new KeyValuePair<string, object?>("owner", owner));
        }
    }

    internal static void Leased(int change) => Leases.Add(change);

    private static void Add(UpDownCounter<long> counter, long value, string owner)
    {
        if (counter.Enabled)
        {
            counter.Add(value, new KeyValuePair<string, object?>("owner", owner));
        }
    }
}
