using ZeroCopy.Bench.Measuring;
namespace ZeroCopy.Bench.Plots;

/// <summary>One figure along an axis, beside its baseline.</summary>
/// <param name="Title">What is shown along what.</param>
/// <param name="Label">Name of the figure, with the unit of both.</param>
/// <param name="BaselineName">Name of the baseline.</param>
/// <param name="At">Places on the axis, ascending.</param>
/// <param name="Values">The figure's medians.</param>
/// <param name="Baselines">The baseline's medians.</param>
internal sealed record PlotPanel(
    string Title,
    string Label,
    string BaselineName,
    IReadOnlyList<double> At,
    IReadOnlyList<double> Values,
    IReadOnlyList<double> Baselines)
{
    /// <summary>The panel of results that are one figure at several places.</summary>
    public static PlotPanel Of(IEnumerable<BenchResult> results)
    {
        var sorted = results.OrderBy(result => result.Point!.At).ToArray();
        var first = sorted[0];
        return new PlotPanel(
            $"{first.Name} by {first.Point!.Axis}",
            $"{first.Name} ({first.Unit})",
            first.Baseline.Name,
            [.. sorted.Select(result => result.Point!.At)],
            [.. sorted.Select(result => result.Value)],
            [.. sorted.Select(result => result.Baseline.Value)]);
    }
}
