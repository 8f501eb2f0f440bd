using System.Globalization;
using System.Text.RegularExpressions;

namespace ZeroCopy.Node.Tests.Service;

/// <summary>What <c>/metrics</c> of a node says, in the text format of Prometheus.</summary>
internal sealed partial class ScrapedMetrics(string text)
{
    private readonly List<(string Name, string Labels, double Value)> _samples =
    [
        .. Samples().Matches(text).Select(match => (
            match.Groups["name"].Value, match.Groups["labels"].Value,
            double.Parse(match.Groups["value"].Value, CultureInfo.InvariantCulture))),
    ];

    public static async Task<ScrapedMetrics> ReadAsync(HttpClient client) => new(await client.GetStringAsync("/metrics"));

    /// <summary>The sum of the samples that have all of the labels, such as <c>model="bert"</c>.</summary>
    public double Sum(string name, params string[] labels) => Of(name, labels).Sum(sample => sample.Value);

    /// <summary>As Prometheus' <c>histogram_quantile</c> of a histogram since the start.</summary>
    public double Quantile(double share, string name, params string[] labels)
    {
        var buckets = Of($"{name}_bucket", labels).Select(sample => (Bound: Bound(sample.Labels), sample.Value))
            .OrderBy(b => b.Bound).ToList();
        var rank = share * buckets[^1].Value;
        var at = buckets.FindIndex(bucket => bucket.Value >= rank);
        var (from, below) = at == 0 ? (0, 0) : buckets[at - 1];
        return from + ((buckets[at].Bound - from) * (rank - below) / (buckets[at].Value - below));
    }

    private IEnumerable<(string Name, string Labels, double Value)> Of(string name, string[] labels) => _samples.Where(
        sample => sample.Name == name && Array.TrueForAll(labels, label => sample.Labels.Contains(label, StringComparison.Ordinal)));

    private static double Bound(string labels)
    {
        var bound = Regex.Match(labels, "le=\"([^\"]+)\"").Groups[1].Value;
        return bound == "+Inf" ? double.PositiveInfinity : double.Parse(bound, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"^(?<name>\w+)(\{(?<labels>[^}]*)\})? (?<value>\S+)", RegexOptions.Multiline)]
    private static partial Regex Samples();
}
