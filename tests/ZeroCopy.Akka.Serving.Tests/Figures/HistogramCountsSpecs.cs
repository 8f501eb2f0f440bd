using ZeroCopy.Serving.Figures;

namespace ZeroCopy.Serving.Tests.Figures;

public sealed class HistogramCountsSpecs
{
    [Theory]
    [InlineData(0.5, 2)]
    [InlineData(0.25, 1)]
    [InlineData(0.125, 0.5)]
    [InlineData(0.75, 4)]
    [InlineData(1, 4)]
    public void HistogramCounts_should_interpolate_a_quantile_within_its_bucket(double share, double value) =>
        Assert.Equal(value, Counts(2, 2, 2, 2).Quantile(share));

    [Fact]
    public void HistogramCounts_should_have_no_quantile_of_no_values() => Assert.Null(Counts(0, 0, 0, 0).Quantile(0.5));

    [Fact]
    public void HistogramCounts_should_pass_over_empty_buckets() => Assert.Equal(3, Counts(0, 0, 2, 0).Quantile(0.5));

    [Fact]
    public void HistogramCounts_should_tell_what_came_since_an_earlier_moment()
    {
        var since = Counts(3, 2, 1, 0).Since(Counts(1, 2, 0, 0));

        Assert.Equal([2L, 0, 1, 0], since.Counts.AsEnumerable());
        Assert.Equal(3, since.Count);
    }

    [Fact]
    public void HistogramCounts_should_count_all_where_the_earlier_moment_had_more() =>
        Assert.Equal(2, Counts(1, 1, 0, 0).Since(Counts(5, 5, 0, 0)).Count);

    private static HistogramCounts Counts(params long[] counts) => new([1, 2, 4], [.. counts], 0);
}
