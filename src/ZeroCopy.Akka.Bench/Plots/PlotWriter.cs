using ScottPlot;
using SkiaSharp;

namespace ZeroCopy.Bench.Plots;

/// <summary>
/// Draws plots as PNG: a panel for each figure, two in a row. Both axes are logarithmic: what grows in proportion is a line of slope one,
/// and what does not grow is level.
/// </summary>
internal static class PlotWriter
{
    private const string Product = "ZeroCopy.Akka";
    private const int Columns = 2;
    private const int PanelWidth = 470;
    private const int PanelHeight = 340;
    private const float TitleSize = 15;
    private const float LabelSize = 13;
    private const double Margin = 0.08;
    private static readonly Color ValueColour = Color.FromHex("#1b6ca8");
    private static readonly Color BaselineColour = Color.FromHex("#7a7a7a");
    private static readonly Color GridColour = Color.FromHex("#e4e4e4");

    /// <summary>The font that plots are drawn with.</summary>
    /// <exception cref="InvalidOperationException">The system has none; the message says how to get one.</exception>
    public static string Font() => PlotFont.Among([.. SKFontManager.Default.FontFamilies]);

    /// <summary>Draws into a folder; returns the file's path.</summary>
    public static string Write(GrowthPlot plot, string folder)
    {
        var path = Path.Combine(folder, plot.FileName);
        var font = Font();
        var columns = Math.Min(Columns, plot.Panels.Count);
        var rows = (plot.Panels.Count + columns - 1) / columns;
        var multiplot = new Multiplot { Layout = new ScottPlot.MultiplotLayouts.Grid(rows, columns) };
        multiplot.AddPlots(plot.Panels.Count);
        for (var panel = 0; panel < plot.Panels.Count; panel++)
        {
            Draw(multiplot.GetPlot(panel), plot.Panels[panel], plot.Label, font);
        }

        multiplot.SavePng(path, columns * PanelWidth, rows * PanelHeight);
        return path;
    }

    private static void Draw(Plot plot, PlotPanel panel, string label, string font)
    {
        plot.Font.Set(font);
        plot.Title(panel.Title, TitleSize);
        plot.XLabel(label, LabelSize);
        plot.YLabel(panel.Label, LabelSize);
        plot.Axes.Bottom.Label.Bold = false;
        plot.Axes.Left.Label.Bold = false;
        Line(plot, panel, panel.Baselines, panel.BaselineName, BaselineColour, LinePattern.Dashed);
        Line(plot, panel, panel.Values, Product, ValueColour, LinePattern.Solid);
        Scale(plot.Axes.Bottom, panel.At);
        Scale(plot.Axes.Left, [.. panel.Values, .. panel.Baselines]);
        plot.Grid.MajorLineColor = GridColour;
        plot.Axes.Right.FrameLineStyle.IsVisible = false;
        plot.Axes.Top.FrameLineStyle.IsVisible = false;

        // Outside of the data, where no line can lie behind it.
        var legend = plot.ShowLegend(Edge.Top);
        legend.Padding = new PixelPadding(0);
        legend.Legend.Orientation = Orientation.Horizontal;
        legend.Legend.OutlineStyle.IsVisible = false;
        legend.Legend.ShadowColor = Colors.Transparent;
        legend.Legend.Padding = new PixelPadding(0);
    }

    private static void Line(Plot plot, PlotPanel panel, IReadOnlyList<double> values, string name, Color colour, LinePattern pattern)
    {
        var line = plot.Add.Scatter(Logarithms(panel.At), Logarithms(values), colour);
        line.LegendText = name;
        line.LineWidth = 2;
        line.LinePattern = pattern;
        line.MarkerSize = 6;
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
        axis.Range.Set(first - Margin, last + Margin);
    }

    private static double[] Logarithms(IReadOnlyList<double> values) => [.. values.Select(Math.Log10)];
}
