using ZeroCopy.Bench.Measuring;
using ZeroCopy.Bench.Plots;

namespace ZeroCopy.Bench.Tests.Plots;

public sealed class GrowthPlotSpecs
{
    [Fact]
    public void GrowthPlot_should_be_one_file_an_axis_with_a_panel_for_each_figure()
    {
        var plots = GrowthPlot.Of([At("put", "bytes", 1), At("start", "bytes", 1), At("put", "models", 1), At("put", "bytes", 8)]);

        Assert.Equal(["bytes.png", "models.png"], plots.Select(plot => plot.FileName));
        Assert.Equal("label of bytes", plots[0].Label);
        Assert.Equal(["put by bytes", "start by bytes"], plots[0].Panels.Select(panel => panel.Title));
        Assert.Equal(["put (ms)", "start (ms)"], plots[0].Panels.Select(panel => panel.Label));
    }

    [Fact]
    public void GrowthPlot_should_order_a_figure_along_its_axis_with_the_baseline_beside_it()
    {
        var panel = GrowthPlot.Of([At("put", "bytes", 64, 7, 9), At("put", "bytes", 1, 2, 3)]).Single().Panels.Single();

        Assert.Equal([1, 64], panel.At);
        Assert.Equal([2, 7], panel.Values);
        Assert.Equal([3, 9], panel.Baselines);
        Assert.Equal("by hand", panel.BaselineName);
    }

    [Fact]
    public void GrowthPlot_should_leave_out_figures_that_lie_on_no_axis() =>
        Assert.Empty(GrowthPlot.Of([At("put", "bytes", 1) with { Point = null }]));

    internal static BenchResult At(string name, string axis, double at, double value = 1, double baseline = 1) =>
        BenchResult.OfCost(name, "subject", "ms", new Samples([value]), "by hand", new Samples([baseline])) with
        {
            Point = new BenchPoint(axis, $"label of {axis}", at),
        };
}
