using ZeroCopy.Bench.Suites.Fleet;

namespace ZeroCopy.Bench.Tests.Suites.Fleet;

public sealed class ZipfTraceSpecs
{
    [Fact]
    public void ZipfTrace_should_call_each_model_in_proportion_to_its_rank()
    {
        var counts = ZipfTrace.Of(110_000, 3, 1).CountBy(model => model).ToDictionary();

        // 1 + 1/2 + 1/3 = 11/6.
        Assert.InRange(counts[0], 59_000, 61_000);
        Assert.InRange(counts[1], 29_000, 31_000);
        Assert.InRange(counts[2], 19_000, 21_000);
    }

    [Fact]
    public void ZipfTrace_should_be_the_same_every_time() => Assert.Equal(ZipfTrace.Of(50, 7, 1), ZipfTrace.Of(50, 7, 1));
}
