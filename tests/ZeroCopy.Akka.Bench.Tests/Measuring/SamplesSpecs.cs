using ZeroCopy.Bench.Measuring;

namespace ZeroCopy.Bench.Tests.Measuring;

public sealed class SamplesSpecs
{
    [Theory]
    [InlineData(new[] { 3.0 }, 3)]
    [InlineData(new[] { 9.0, 1.0, 5.0 }, 5)]
    [InlineData(new[] { 4.0, 1.0, 9.0, 2.0 }, 3)]
    public void Samples_should_give_the_median_of_any_count(double[] values, double median) =>
        Assert.Equal(median, new Samples(values).Median);

    [Theory]
    [InlineData(50, 50)]
    [InlineData(99, 99)]
    [InlineData(100, 100)]
    public void Samples_should_give_percentiles_by_rank(double percent, double expected) =>
        Assert.Equal(expected, new Samples(Enumerable.Range(1, 100).Select(value => (double)value)).Percentile(percent));

    [Fact]
    public void Samples_should_refuse_to_describe_nothing() => Assert.Throws<ArgumentOutOfRangeException>(() => new Samples([]));

    [Fact]
    public void BenchResult_should_call_less_cost_better() =>
        Assert.Equal(4, BenchResult.OfCost("n", "s", "ms", new Samples([2]), "b", new Samples([8])).Ratio);

    [Fact]
    public void BenchResult_should_call_a_higher_rate_better() =>
        Assert.Equal(0.25, BenchResult.OfRate("n", "s", "rows/s", new Samples([2]), "b", new Samples([8])).Ratio);
}
