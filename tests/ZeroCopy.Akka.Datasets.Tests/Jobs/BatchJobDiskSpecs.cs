using ZeroCopy.Datasets.Jobs;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Datasets.Tests.Jobs;

public sealed class BatchJobDiskSpecs : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [SkippableTheory]
    [InlineData("out.jsonl")]
    [InlineData("out.csv")]
    [InlineData("out.npy")]
    [InlineData("out.arrow")]
    [InlineData("out.parquet")]
    public async Task BatchJob_should_say_that_the_disk_is_full_and_go_on_once_there_is_room(string output)
    {
        using var disk = new SmallDisk(kilobytes: 64);
        var options = Options(_directory.File(output));
        await BatchJob.RunAsync(FakeEndpoint.Doubling(), options);
        var full = options with { Output = Path.Combine(disk.Path, output) };

        var error = await Assert.ThrowsAsync<DatasetException>(() => BatchJob.RunAsync(FakeEndpoint.Doubling(), full));
        Assert.Contains("is full after", error.Message, StringComparison.Ordinal);
        Assert.Contains("--resume", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(full.Output));
        disk.Resize(kilobytes: 16 << 10);
        var report = await BatchJob.RunAsync(FakeEndpoint.Doubling(), full with { Resume = true });

        Assert.True(report.ResumedAt > 0);
        Assert.Equal(await File.ReadAllBytesAsync(options.Output), await File.ReadAllBytesAsync(full.Output));
        Assert.Equal([output], Directory.EnumerateFileSystemEntries(disk.Path).Select(Path.GetFileName));
    }

    [SkippableFact]
    public async Task BatchJob_should_run_again_after_a_disk_that_had_no_room_to_begin()
    {
        using var disk = new SmallDisk(kilobytes: 4);
        await File.WriteAllBytesAsync(Path.Combine(disk.Path, "other"), new byte[4 << 10]);
        var options = Options(Path.Combine(disk.Path, "out.jsonl"));

        var error = await Assert.ThrowsAsync<DatasetException>(() => BatchJob.RunAsync(FakeEndpoint.Doubling(), options));
        Assert.Equal(
            $"The disk of '{options.Output}' is full after 0 rows; make room, and go on with --resume.", error.Message);
        disk.Resize(kilobytes: 16 << 10);
        var report = await BatchJob.RunAsync(FakeEndpoint.Doubling(), options);

        Assert.Equal(2_000, report.Rows);
    }

    private BatchJobOptions Options(string output)
    {
        var input = _directory.File("in.jsonl");
        var random = new Random(1);
        File.WriteAllLines(
            input,
            Enumerable.Range(0, 2_000).Select(
                _ => $$"""{"x": [{{string.Join(", ", Enumerable.Range(0, 16).Select(_ => random.Next()))}}]}"""));
        return new BatchJobOptions { Inputs = [input], Output = output, BatchSize = 50, CommitInterval = TimeSpan.Zero };
    }
}
