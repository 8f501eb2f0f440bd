using ZeroCopy.Clustering.Nodes;

namespace ZeroCopy.Clustering.Tests.Nodes;

public sealed class NodeRatesSpecs
{
    [Fact]
    public void NodeRates_should_know_nothing_until_something_was_measured() => Assert.Equal((0, 0), new NodeRates().BytesPerSecond);

    [Fact]
    public void NodeRates_should_follow_what_was_measured_last()
    {
        var rates = new NodeRates();
        rates.Received(100 << 20, TimeSpan.FromSeconds(1));
        Assert.Equal((100 << 20, 0), rates.BytesPerSecond);

        rates.Received(200 << 20, TimeSpan.FromSeconds(1));
        rates.Loaded(50 << 20, TimeSpan.FromSeconds(0.5));
        Assert.Equal((150 << 20, 100 << 20), rates.BytesPerSecond);
    }

    [Fact]
    public void NodeRates_should_learn_nothing_from_a_few_bytes()
    {
        var rates = new NodeRates();
        rates.Loaded(1000, TimeSpan.FromSeconds(1));

        Assert.Equal(0, rates.BytesPerSecond.Load);
    }
}
