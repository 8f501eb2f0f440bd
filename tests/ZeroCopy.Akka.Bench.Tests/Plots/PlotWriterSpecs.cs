using SkiaSharp;
using ZeroCopy.Bench.Measuring;
using ZeroCopy.Bench.Plots;
using ZeroCopy.TestSupport;
using static ZeroCopy.Bench.Tests.Plots.GrowthPlotSpecs;

namespace ZeroCopy.Bench.Tests.Plots;

public sealed class PlotWriterSpecs
{
    // A plot without any text is what comes of a system without fonts, and of a native library that cannot read them.
    [Fact]
    public void PlotWriter_should_draw_both_lines_and_text()
    {
        using var directory = new TemporaryDirectory();

        using var image = Draw(directory, At("put", "bytes", 1, 2, 40), At("put", "bytes", 8, 3, 300));
        using var other = Draw(directory, At("get", "bytes", 1, 2, 40), At("get", "bytes", 8, 3, 300));

        var pixels = image.Pixels.Distinct().ToHashSet();
        Assert.Contains(SKColor.Parse("#1b6ca8"), pixels);
        Assert.Contains(SKColor.Parse("#7a7a7a"), pixels);
        Assert.NotEqual(image.Bytes, other.Bytes);
    }

    [Theory]
    [InlineData(1, 470, 340)]
    [InlineData(2, 940, 340)]
    [InlineData(3, 940, 680)]
    public void PlotWriter_should_put_two_panels_in_a_row(int figures, int width, int height)
    {
        using var directory = new TemporaryDirectory();

        using var image = Draw(directory, [.. Enumerable.Range(0, figures).Select(figure => At($"figure-{figure}", "bytes", 1))]);

        Assert.Equal((width, height), (image.Width, image.Height));
    }

    private static SKBitmap Draw(TemporaryDirectory directory, params BenchResult[] results) =>
        SKBitmap.Decode(PlotWriter.Write(GrowthPlot.Of(results).Single(), directory.Path));
}
