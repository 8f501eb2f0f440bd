namespace ZeroCopy.Serving.Figures;

/// <summary>A measurement of an instrument under one set of tags.</summary>
/// <param name="Instrument">The instrument.</param>
/// <param name="Tags">Its tags.</param>
/// <param name="Value">The value; the number of values of a histogram.</param>
/// <param name="Histogram">The histogram; null where it is none.</param>
internal sealed record Figure(string Instrument, IReadOnlyDictionary<string, string> Tags, double Value, HistogramCounts? Histogram = null)
{
    public string Tag(string name) => Tags.TryGetValue(name, out var value) ? value : "";
}
