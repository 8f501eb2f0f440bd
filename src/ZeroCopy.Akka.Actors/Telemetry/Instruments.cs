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

    /// <summary>Why a call was not answered, as OpenTelemetry calls it.</summary>
    internal const string ErrorType = "error.type";

    internal static readonly Meter Meter = new(SourceName);
    internal static readonly ActivitySource Activities = new(SourceName);

    internal static readonly UpDownCounter<long> Pending = Meter.CreateUpDownCounter<long>(
        "zerocopy.calls.pending", "{call}", "Calls that are queued or running.");

    internal static readonly Histogram<double> Duration = Seconds("zerocopy.calls.duration", "Time from call to the end of its work.");

    internal static readonly Histogram<double> Queue = Seconds(
        "zerocopy.calls.queue", "Time from call to the model's beginning, the wait for others of its batch included.");

    internal static readonly Counter<long> Failures = Meter.CreateCounter<long>(
        "zerocopy.calls.failed", "{call}", "Calls not answered, by reason.");

    internal static readonly Counter<long> Rows = Meter.CreateCounter<long>(
        "zerocopy.calls.rows", "{row}", "Rows of answered calls by named tensors: the first dimension of their first input.");

    internal static readonly Counter<long> Bytes = Meter.CreateCounter<long>(
        "zerocopy.calls.io", "By", "Bytes of the tensors of answered calls by named tensors.");

    internal static readonly Histogram<double> Compute = Seconds(
        "zerocopy.runs.duration", "Time of a run of the model, for one call or for several that were joined.");

    internal static readonly Histogram<int> Batches = Meter.CreateHistogram(
        "zerocopy.batches.rows", "{row}", "Rows of the batches that were run.",
        advice: new InstrumentAdvice<int>
        {
            HistogramBucketBoundaries = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 256, 512, 1024],
        });

    internal static readonly Counter<long> Fallbacks = Meter.CreateCounter<long>(
        "zerocopy.batches.fallbacks",
        "{call}",
        "Calls of a pool with batching that were run alone because joining them failed or gave other answers.");

    /// <summary>The kind of a failure, one of few words.</summary>
    internal static string KindOf(Exception reason) => reason switch
    {
        InferenceException inference => inference.Failure.ToString(),
        OperationCanceledException => nameof(InferenceFailure.Cancelled),
        _ => reason.GetType().Name,
    };

    /// <summary>Five steps a decade from 0.1 ms to 50 s, so that quantiles are right within a third.</summary>
    private static Histogram<double> Seconds(string name, string description) => Meter.CreateHistogram(
        name, "s", description, advice: new InstrumentAdvice<double>
        {
            HistogramBucketBoundaries =
            [
                0.0001, 0.00015, 0.0002, 0.0003, 0.0005, 0.0007, 0.001, 0.0015, 0.002, 0.003, 0.005, 0.007, 0.01, 0.015, 0.02, 0.03, 0.05,
                0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10, 20, 50,
            ],
        });
}
