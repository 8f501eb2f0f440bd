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
    private static readonly Counter<long> Fallbacks = Meter.CreateCounter<long>(
        "zerocopy.batches.fallbacks", "{call}", "Calls of a pool with batching that were run alone because joining them failed or gave other answers.");

    private static readonly UpDownCounter<long> Leases = Meter.CreateUpDownCounter<long>("zerocopy.leases", "{lease}", "Leases that actors hold.");

    /// <summary>The trace of a call, a child of the caller's own; it does not become the caller's current one, for it ends on another thread.</summary>
    internal static Activity? StartCall(string owner)
    {
        if (!Activities.HasListeners())
        {
            return null;
        }

        var caller = Activity.Current;
        var activity = Activities.StartActivity($"call {owner}", ActivityKind.Internal, default(ActivityContext), [new("owner", owner)]);
        Activity.Current = caller;
        return activity;
    }

    /// <summary>Ends the trace without a trace in the thread that runs the model.</summary>
    internal static void EndCall(Activity? activity)
    {
        if (activity is not null)
        {
            var current = Activity.Current;
            activity.Dispose();
            Activity.Current = current;
        }
    }

    internal static void Entered(string owner) => Add(Pending, 1, owner);

    internal static void Left(string owner, TimeProvider clock, long enteredAt)
    {
        Add(Pending, -1, owner);
        if (Duration.Enabled)
        {
            Duration.Record(clock.GetElapsedTime(enteredAt).TotalSeconds, new KeyValuePair<string, object?>("owner", owner));
        }
    }

    internal static void Failed(string owner, Exception reason, Activity? activity)
    {
        if (activity is null && !Failures.Enabled)
        {
            return;
        }

        var failure = reason switch
        {
            InferenceException inference => inference.Failure.ToString(),
            OperationCanceledException => nameof(InferenceFailure.Cancelled),
            _ => reason.GetType().Name,
        };
        activity?.SetStatus(ActivityStatusCode.Error, reason.Message).SetTag("failure", failure);
        Failures.Add(1, new("owner", owner), new("failure", failure));
    }

    internal static void Joined(string owner, int rows)
    {
        if (Batches.Enabled)
        {
            Batches.Record(rows, new KeyValuePair<string, object?>("owner", owner));
        }
    }

    internal static void Unjoined(string owner, int calls) => Fallbacks.Add(calls, new KeyValuePair<string, object?>("owner", owner));

    internal static void Leased(int change) => Leases.Add(change);

    private static void Add(UpDownCounter<long> counter, long value, string owner)
    {
        if (counter.Enabled)
        {
            counter.Add(value, new KeyValuePair<string, object?>("owner", owner));
        }
    }
}
