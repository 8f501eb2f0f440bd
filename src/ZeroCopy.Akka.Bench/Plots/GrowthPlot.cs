using ZeroCopy.Bench.Measuring;
namespace ZeroCopy.Bench.Plots;

/// <summary>What is drawn into one file: every figure along one axis.</summary>
/// <param name="FileName">Name of the file.</param>
/// <param name="Label">What the axis counts.</param>
/// <param name="Panels">The figures, in the order of the results.</param>
internal sealed record GrowthPlot(string FileName, string Label, IReadOnlyList<PlotPanel> Panels)
{
    /// <summary>A plot for each axis of some results; those that lie on none are left out.</summary>
    public static IReadOnlyList<GrowthPlot> Of(IEnumerable<BenchResult> results) =>
    [
        .. results.Where(result => result.Point is not null).GroupBy(result => (result.Point!.Axis, result.Point.Label)).Select(
            axis => new GrowthPlot($"{axis.Key.Axis}.png", axis.Key.Label, [.. axis.GroupBy(result => result.Name).Select(PlotPanel.Of)])),
    ];
}
