using System.Diagnostics;
using System.Diagnostics.Metrics;
using ZeroCopy.Actors.Telemetry;

namespace ZeroCopy.Batches;

/// <summary>
/// Metrics of maps in batches, beside those that their pools have; each says the model. An instrument that nobody listens to costs one
/// branch.
/// </summary>
internal static class MapMeter
{
    private static readonly Counter<long> Rows = Instruments.Meter.CreateCounter<long>(
        "zerocopy.maps.rows", "{row}", "Rows of maps whose batch was answered.");

    private static readonly Counter<long> Failed = Instruments.Meter.CreateCounter<long>(
        "zerocopy.maps.failed", "{row}", "Rows of maps that failed and were skipped.");

    private static readonly Histogram<int> Batches = Instruments.Meter.CreateHistogram<int>(
        "zerocopy.maps.batch.rows", "{row}", "Rows of a call of a map.");

    private static readonly Histogram<double> Duration = Instruments.Meter.CreateHistogram<double>(
        "zerocopy.maps.batch.duration", "s", "Time from a call of a map to its answer, the wait for an actor included.");

    /// <summary>Notes what became of a batch.</summary>
    public static void Took(string model, int rows, int failed)
    {
        if (!Rows.Enabled && !Failed.Enabled)
        {
            return;
        }

        var tag = Tag(model);
        Rows.Add(rows - failed, tag);
        if (failed > 0)
        {
            Failed.Add(failed, tag);
        }
    }

    /// <summary>Notes a call that was answered.</summary>
    public static void Called(string model, int rows, long startedAt)
    {
        if (Batches.Enabled || Duration.Enabled)
        {
            var tag = Tag(model);
            Batches.Record(rows, tag);
            Duration.Record(Stopwatch.GetElapsedTime(startedAt).TotalSeconds, tag);
        }
    }

    private static KeyValuePair<string, object?> Tag(string model) => new("model", model);
}
