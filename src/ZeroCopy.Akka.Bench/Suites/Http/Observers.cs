using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using ZeroCopy.Serving;

namespace ZeroCopy.Bench.Suites.Http;

/// <summary>
/// Every metric and trace of this process, recorded as for a collector until it is disposed of; what would be sent is dropped.
/// </summary>
internal sealed class Observers : IDisposable
{
    private readonly MeterProvider _metrics = Sdk.CreateMeterProviderBuilder().AddMeter(ZeroCopyStatus.Meters)
        .AddReader(new PeriodicExportingMetricReader(new Dropped<Metric>(), exportIntervalMilliseconds: 1000)).Build();

    private readonly TracerProvider _traces = Sdk.CreateTracerProviderBuilder().AddSource("ZeroCopy*").AddAspNetCoreInstrumentation()
        .SetSampler(new AlwaysOnSampler()).AddProcessor(new BatchActivityExportProcessor(new Dropped<Activity>())).Build();

    public void Dispose()
    {
        _traces.Dispose();
        _metrics.Dispose();
    }

    private sealed class Dropped<T> : BaseExporter<T>
        where T : class
    {
        public override ExportResult Export(in Batch<T> batch) => ExportResult.Success;
    }
}
