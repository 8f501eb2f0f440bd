using ZeroCopy.Datasets.Jobs;
using ZeroCopy.Node.Batch;

namespace ZeroCopy.Node.Tests.Batch;

public sealed class BatchProgressViewSpecs
{
    [Theory]
    [InlineData(1_000, 11_000, 100_000, 0.01, 0.11, 10, 2, "11,000 of 100,000 rows, 1,000 rows/s, 89 s left, 2 failed")]
    [InlineData(1_000, 11_000, null, 0.2, 0.6, 10, 0, "11,000 rows, 1,000 rows/s, 10 s left")]
    [InlineData(1_000, 11_000, null, 0.2, 0.2, 10, 0, "11,000 rows, 1,000 rows/s")]
    [InlineData(1_000, 11_000, null, null, null, 10, 0, "11,000 rows, 1,000 rows/s")]
    [InlineData(1_000, 11_000, null, 0.5, 1.0, 10, 0, "11,000 rows, 1,000 rows/s, 0 s left")]
    [InlineData(1_000, 2_000, null, 0.2, 0.6, 0.5, 0, "2,000 rows")]
    public void BatchProgressView_should_say_how_long_the_rest_takes_by_what_this_run_has_done(
        long before, long done, int? total, double? shareBefore, double? share, double seconds, int failed, string text) =>
        Assert.Equal(text, BatchProgressView.Text(
            new BatchProgress(before, 0, total, before) { Share = shareBefore },
            new BatchProgress(done, failed, total, before) { Share = share },
            TimeSpan.FromSeconds(seconds)));
}
