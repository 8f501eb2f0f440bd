using Microsoft.Extensions.Time.Testing;
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

    [Fact]
    public void BatchProgressView_should_write_a_line_every_ten_seconds()
    {
        var (clock, error) = (new FakeTimeProvider(), new StringWriter());
        var lines = new BatchProgressView.Lines(error, clock);

        for (var second = 0; second < 25; second++)
        {
            lines.Report(new BatchProgress(100 * second, 0, 4_000, 0) { Share = second / 40.0 });
            clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(
            ["batch: 1,000 of 4,000 rows, 100 rows/s, 30 s left", "batch: 2,000 of 4,000 rows, 100 rows/s, 20 s left"],
            $"{error}".Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
    }
}
