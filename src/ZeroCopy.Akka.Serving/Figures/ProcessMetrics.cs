using OpenTelemetry.Metrics;

namespace ZeroCopy.Serving.Figures;

/// <summary>
/// The metrics of this process as exporters see them: the same instruments, tags and buckets, collected when somebody looks. Thread-safe.
/// </summary>
internal sealed class ProcessMetrics : IDisposable
{
    /// <summary>Meters of ours, of the runtime and of the web server.</summary>
    public static readonly string[] Meters =
        ["ZeroCopy.Akka", "System.Runtime", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel"];

    private readonly SnapshotExporter _exporter;
    private readonly Lock _collecting = new();

    public ProcessMetrics(TimeProvider clock)
    {
        _exporter = new SnapshotExporter(clock);
        Reader = new BaseExportingMetricReader(_exporter);
    }

    /// <summary>What a meter provider is given.</summary>
    public MetricReader Reader { get; }

    /// <summary>The metrics now.</summary>
    public MetricSnapshot Collect()
    {
        lock (_collecting)
        {
            Reader.Collect();
            return _exporter.Last;
        }
    }

    public void Dispose() => Reader.Dispose();
}
