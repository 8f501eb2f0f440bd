namespace ZeroCopy.Serving.Figures;

/// <summary>The metrics of the process at one moment. Immutable.</summary>
internal sealed class MetricSnapshot(DateTimeOffset time, IEnumerable<Figure> figures)
{
    private readonly ILookup<string, Figure> _figures = figures.ToLookup(figure => figure.Instrument, StringComparer.Ordinal);

    /// <summary>Before anything was measured.</summary>
    public static MetricSnapshot Empty { get; } = new(DateTimeOffset.MinValue, []);

    public DateTimeOffset Time { get; } = time;

    /// <summary>The measurements of an instrument that have all of the tags.</summary>
    public IEnumerable<Figure> Of(string instrument, params (string Name, string Value)[] tags) =>
        _figures[instrument].Where(figure => Array.TrueForAll(tags, tag => figure.Tag(tag.Name) == tag.Value));

    /// <summary>Their sum; 0 of none.</summary>
    public double Sum(string instrument, params (string Name, string Value)[] tags) => Of(instrument, tags).Sum(figure => figure.Value);

    /// <summary>Their histograms together; null of none.</summary>
    public HistogramCounts? Histogram(string instrument, params (string Name, string Value)[] tags) =>
        Of(instrument, tags).Select(figure => figure.Histogram).Aggregate(
            (HistogramCounts?)null, static (all, one) => all is null ? one : one is null ? all : all.With(one));
}
