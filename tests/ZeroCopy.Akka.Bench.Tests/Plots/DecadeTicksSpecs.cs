using ZeroCopy.Bench.Plots;

namespace ZeroCopy.Bench.Tests.Plots;

public sealed class DecadeTicksSpecs
{
    [Theory]
    [InlineData(new[] { 1.0, 64.0 }, 0, 2)]
    [InlineData(new[] { 0.03, 12.0, 999.0 }, -2, 3)]
    [InlineData(new[] { 10.0 }, 1, 2)]
    [InlineData(new[] { 10.0, 100.0 }, 1, 2)]
    public void DecadeTicks_should_enclose_all_values(double[] values, int first, int last) =>
        Assert.Equal((first, last), DecadeTicks.Around(values));

    [Theory]
    [InlineData(-2, "0.01")]
    [InlineData(0, "1")]
    [InlineData(4, "10,000")]
    public void DecadeTicks_should_write_powers_of_ten_as_people_do(int exponent, string text) =>
        Assert.Equal(text, DecadeTicks.Text(exponent));
}
