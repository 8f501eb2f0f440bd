using ZeroCopy.Bench.Measuring;

namespace ZeroCopy.Bench.Suites.Files;

/// <summary>
/// What files of rows cost by themselves: Parquet that is read and written by datasets against the library that other programs use, and the
/// memory of a job while millions of rows pass through.
/// </summary>
internal sealed class FilesSuite : IBenchSuite
{
    private const int Rounds = 5;

    public string Name => "files";

    public string Description => "Parquet alone against ParquetSharp, and the memory of a job while millions of rows pass through";

    public async Task<IReadOnlyList<BenchResult>> RunAsync(IProgress<string> progress, CancellationToken cancellationToken)
    {
        using var directory = new ScratchDirectory("bench");
        var (input, output) = (directory.Path("input.parquet"), directory.Path("output.parquet"));
        var subject = $"{ParquetRows.Rows} rows of {ParquetRows.Width} floats";
        // First, as what the others leave in memory would be part of the process before.
        var memory = await JobMemory.MeasureAsync(directory, progress, cancellationToken).ConfigureAwait(false);
        ParquetRows.WriteTheirs(input);
        progress.Report($"files: writing {subject}, {Rounds} rounds");
        var (write, theirWrite) = await Interleaved.SampleAsync(
            Rounds, () => ParquetRows.WriteAsync(output, cancellationToken), () => Task.FromResult(ParquetRows.WriteTheirs(input)),
            cancellationToken).ConfigureAwait(false);
        progress.Report($"files: reading them, {Rounds} rounds");
        var (read, theirRead) = await Interleaved.SampleAsync(
            Rounds, () => ParquetRows.ReadAsync(input, cancellationToken), () => Task.FromResult(ParquetRows.ReadTheirs(input)),
            cancellationToken).ConfigureAwait(false);
        var (readAgain, theirBatches) = await Interleaved.SampleAsync(
            Rounds, () => ParquetRows.ReadAsync(input, cancellationToken),
            () => ParquetRows.ReadTheirBatchesAsync(input, cancellationToken), cancellationToken).ConfigureAwait(false);
        return
        [
            BenchResult.OfRate("read", subject, "rows/s", read, "ParquetSharp's columns", theirRead),
            BenchResult.OfRate("read", subject, "rows/s", readAgain, "ParquetSharp's Arrow batches", theirBatches),
            BenchResult.OfRate("write", subject, "rows/s", write, "ParquetSharp's columns", theirWrite),
            .. memory,
        ];
    }
}
