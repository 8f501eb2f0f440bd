using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace ZeroCopy.Datasets.Jobs;

/// <summary>
/// Metrics of jobs, under the name that the product's other metrics have; each says the model. An instrument that nobody listens to costs
/// one branch.
/// </summary>
internal static class JobMeter
{
    /// <summary>Name of the meter.</summary>
    public const string Name = "ZeroCopy.Akka";

    private static readonly Meter Meter = new(Name);
    private static readonly Counter<long> Rows = Meter.CreateCounter<long>(
        "zerocopy.jobs.rows", "{row}", "Rows of batch jobs that were answered.");

    private static readonly Counter<long> Failed = Meter.CreateCounter<long>(
        "zerocopy.jobs.failed", "{row}", "Rows of batch jobs that failed.");
    private static readonly Counter<long> Bytes = Meter.CreateCounter<long>(
        "zerocopy.jobs.bytes", "By", "Bytes of the columns that batch jobs read.");

    private static readonly Histogram<int> Batches = Meter.CreateHistogram<int>("zerocopy.jobs.batch.rows", "{row}", "Rows of a call.");
    private static readonly Histogram<double> Compute = Meter.CreateHistogram<double>(
        "zerocopy.jobs.batch.duration", "s", "Time from the call of a batch to its answer.");

    /// <summary>Notes what became of a batch.</summary>
    public static void Took(string model, BatchResult result)
    {
        if (!Rows.Enabled && !Failed.Enabled && !Bytes.Enabled)
        {
            return;
        }

        var tag = Tag(model);
        Rows.Add(result.Answers?.Rows ?? 0, tag);
        Bytes.Add(result.Batch.Rows.ByteLength, tag);
        if (!result.Failures.IsEmpty)
        {
            Failed.Add(result.Failures.Length, tag);
        }
    }

    /// <summary>Notes a call that was answered.</summary>
    public static void Called(string model, int rows, long startedAt)
    {
        if (Batches.Enabled || Compute.Enabled)
        {
            var tag = Tag(model);
            Batches.Record(rows, tag);
            Compute.Record(Stopwatch.GetElapsedTime(startedAt).TotalSeconds, tag);
        }
    }

    private static KeyValuePair<string, object?> Tag(string model) => new("model", model);
}
