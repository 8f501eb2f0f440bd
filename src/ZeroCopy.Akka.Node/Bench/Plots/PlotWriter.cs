using ScottPlot;
using SkiaSharp;

namespace ZeroCopy.Node.Bench.Plots;

/// <summary>Draws plots as PNG: a panel for each figure side by side, both axes by logarithms, so that a straight line is a power of the axis.</summary>
internal static class PlotWriter
{
    private const int PanelWidth = 480;
    private const int Height = 400;
    private const float LineWidth = 2;
    private const float MarkerSize = 7;
    private static readonly Color ValueColour = Color.FromHex("#1b6ca8");
    private static readonly Color BaselineColour = Color.FromHex("#8a8a8a");
    private static readonly Color GridColour = Color.FromHex("#e4e4e4");

    /// <summary>Fails where this system has no font: text would be left out without a word.</summary>
    public static void RequireFont()
    {
        if (SKFontManager.Default.FontFamilyCount == 0)
        {
            throw new InvalidOperationException("There is no font to label plots with. Install one, on Debian by: apt-get install fonts-dejavu-core");
        }
    }

    /// <summary>Draws into a folder; gives the file's path.</summary>
    public static string Write(GrowthPlot plot, string folder)
    {
        var path = Path.Combine(folder, plot.FileName);
        var multiplot = new Multiplot();
        multiplot.AddPlots(plot.Panels.Count);
        multiplot.Layout = new ScottPlot.MultiplotLayouts.Columns();
        foreach (var (panel, index) in plot.Panels.Select((panel, index) => (panel, index)))
        {
            Draw(multiplot.GetPlot(index), panel, plot.Label);
        }

        multiplot.SavePng(path, plot.Panels.Count * PanelWidth, Height);
        return path;
    }

    private static void Draw(Plot plot, PlotPanel panel, string label)
    {
        plot.Title(panel.Name, 16);
        plot.XLabel(label, 13);
        plot.YLabel(panel.Unit, 13);
        Line(plot, panel, panel.Baselines, panel.BaselineName, BaselineColour, LinePattern.Dashed);
        Line(plot, panel, panel.Values, panel.Name, ValueColour, LinePattern.Solid);
        Scale(plot.Axes.Bottom, panel.At);
        Scale(plot.Axes.Left, [.. panel.Values, .. panel.Baselines]);
        plot.Grid.MajorLineColor = GridColour;
        plot.ShowLegend(Alignment.UpperLeft);
    }

    private static void Line(Plot plot, PlotPanel panel, IReadOnlyList<double> values, string name, Color colour, LinePattern pattern)
    {
        var line = plot.Add.Scatter(Logarithms(panel.At), Logarithms(values), colour);
        line.LegendText = name;
        line.LineWidth = LineWidth;
        line.LinePattern = pattern;
        line.MarkerSize = MarkerSize;
    }

    private static void Scale(IAxis axis, IReadOnlyList<double> values)
    {
        var (first, last) = DecadeTicks.Around(values);
        var ticks = new ScottPlot.TickGenerators.NumericManual();
        for (var exponent = first; exponent <= last; exponent++)
        {
            ticks.AddMajor(exponent, DecadeTicks.Text(exponent));
        }

        axis.TickGenerator = ticks;
        axis.Range.Set(first - 0.1, last + 0.1);
    }

    private static double[] Logarithms(IReadOnlyList<double> values) => [.. values.Select(Math.Log10)];
}
