using System.Text.Json.Serialization;

namespace ZeroCopy.Bench.Measuring;

/// <summary>One figure with its baseline.</summary>
/// <param name="Name">What was measured.</param>
/// <param name="Subject">The model it was measured with.</param>
/// <param name="Value">The median.</param>
/// <param name="Unit">Unit of the value.</param>
/// <param name="Baseline">The same work done without the product, in the same run.</param>
/// <param name="Ratio">Over 1: ours is better, whichever direction the unit has.</param>
/// <param name="Spread">Smallest and largest sample, and further percentiles where they matter; in the value's unit.</param>
internal sealed record BenchResult(
    string Name, string Subject, double Value, string Unit, BenchFigure Baseline, double Ratio, IReadOnlyDictionary<string, double> Spread)
{
    /// <summary>Where on an axis the figure lies; null, and not printed, where its suite has none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public BenchPoint? Point { get; init; }

    /// <summary>A duration or an amount of memory: smaller is better.</summary>
    public static BenchResult OfCost(string name, string subject, string unit, Samples value, string baselineName, Samples baseline) =>
        Of(
            name, subject, unit, value, baselineName, baseline,
            baseline.Median == value.Median ? 1 : baseline.Median / value.Median);

    /// <summary>A rate: larger is better.</summary>
    public static BenchResult OfRate(string name, string subject, string unit, Samples value, string baselineName, Samples baseline) =>
        Of(name, subject, unit, value, baselineName, baseline, value.Median / baseline.Median);

    private static BenchResult Of(
        string name, string subject, string unit, Samples value, string baselineName, Samples baseline, double ratio) =>
        new(name, subject, value.Median, unit, new BenchFigure(baselineName, baseline.Median, unit), ratio, value.Spread());
}
