using ZeroCopy.Bench.Plots;

namespace ZeroCopy.Bench.Tests.Plots;

public sealed class PlotFontSpecs
{
    [Theory]
    [InlineData("DejaVu Sans", "DejaVu Serif", "dejavu sans mono", "DejaVu Sans")]
    [InlineData("Arial", "Arial", "Times")]
    [InlineData("Times", "Times", "Courier")]
    public void PlotFont_should_be_one_without_serifs_where_there_is_one(string expected, params string[] installed) =>
        Assert.Equal(expected, PlotFont.Among(installed));

    [Fact]
    public void PlotFont_should_say_how_to_get_one_when_there_is_none() =>
        Assert.Contains(
            "fonts-dejavu-core", Assert.Throws<InvalidOperationException>(() => PlotFont.Among([])).Message, StringComparison.Ordinal);
}
