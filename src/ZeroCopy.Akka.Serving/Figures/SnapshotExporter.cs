using System.Collections.Immutable;
using System.Globalization;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace ZeroCopy.Serving.Figures;

/// <summary>Keeps what its reader collected last.</summary>
internal sealed class SnapshotExporter(TimeProvider clock) : BaseExporter<Metric>
{
    /// <summary>What was collected last.</summary>
    public MetricSnapshot Last { get; private set; } = MetricSnapshot.Empty;

    /// <inheritdoc/>
    public override ExportResult Export(in Batch<Metric> batch)
    {
        var figures = new List<Figure>();
        foreach (var metric in batch)
        {
            foreach (ref readonly var point in metric.GetMetricPoints())
            {
                figures.Add(Read(metric, in point));
            }
        }

        Last = new MetricSnapshot(clock.GetUtcNow(), figures);
        return ExportResult.Success;
    }

    private static Figure Read(Metric metric, in MetricPoint point)
    {
        var tags = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in point.Tags)
        {
            tags[key] = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
        }

        switch (metric.MetricType)
        {
            case MetricType.Histogram:
                var histogram = Read(in point);
                return new Figure(metric.Name, tags, histogram.Count, histogram);
            case MetricType.LongSum or MetricType.LongSumNonMonotonic:
                return new Figure(metric.Name, tags, point.GetSumLong());
            case MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic:
                return new Figure(metric.Name, tags, point.GetSumDouble());
            case MetricType.LongGauge:
                return new Figure(metric.Name, tags, point.GetGaugeLastValueLong());
            case MetricType.DoubleGauge:
                return new Figure(metric.Name, tags, point.GetGaugeLastValueDouble());
            default:
                // An exponential histogram: views of the application make those, and the page shows their number alone.
                return new Figure(metric.Name, tags, point.GetHistogramCount());
        }
    }

    private static HistogramCounts Read(in MetricPoint point)
    {
        var bounds = ImmutableArray.CreateBuilder<double>();
        var counts = ImmutableArray.CreateBuilder<long>();
        foreach (var bucket in point.GetHistogramBuckets())
        {
            if (!double.IsPositiveInfinity(bucket.ExplicitBound))
            {
                bounds.Add(bucket.ExplicitBound);
            }

            counts.Add(bucket.BucketCount);
        }

        return new HistogramCounts(bounds.ToImmutable(), counts.ToImmutable(), point.GetHistogramSum());
    }
}
