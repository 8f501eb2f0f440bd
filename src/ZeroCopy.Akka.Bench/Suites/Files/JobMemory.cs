using ZeroCopy.Bench.Measuring;
using ZeroCopy.Datasets.Jobs;
using ZeroCopy.Store;

namespace ZeroCopy.Bench.Suites.Files;

/// <summary>The memory of a process whose job reads one file after the other: at its end against its beginning, and against
/// before.</summary>
internal static class JobMemory
{
    private const int Files = 20;
    private const int RowsOfFile = 2_500_000;
    private const int Width = 8;

    // Row groups of 32 MB.
    private const int GroupRows = 1_000_000;
    private const int Actors = 2;
    private const int BatchSize = 4096;
    private const int BatchesPerSample = 64;
    private const double Megabyte = 1e6;

    public static async Task<IReadOnlyList<BenchResult>> MeasureAsync(
        ScratchDirectory directory, IProgress<string> progress, CancellationToken cancellationToken)
    {
        var input = directory.Path("part.parquet");
        ParquetRows.WriteTheirs(input, RowsOfFile, Width, GroupRows);
        var inputs = Enumerable.Range(0, Files).Select(file => directory.Path($"part{file:00}.parquet")).ToArray();
        Array.ForEach(inputs, file => File.CreateSymbolicLink(file, input));
        using var module = TorchSharp.torch.nn.Linear(Width, 1);
        var host = ZeroCopyHost.Open(new ZeroCopyHostOptions { Store = new ObjectStoreOptions { Directory = directory.Path("store") } });
        await using (host.ConfigureAwait(false))
        {
            var handle = await host.Runtime.PutAsync(module, cancellationToken: cancellationToken).ConfigureAwait(false);
            await host.Actors.CreatePoolAsync(
                "files", host.Runtime.OpenAny(handle), host.Runtime.BinderOf(handle),
                settings => settings with { Size = Actors, Threads = 1, Batching = null, Deadline = null }).ConfigureAwait(false);
            var endpoint = await host.Endpoints.FindAsync("files", null, cancellationToken).ConfigureAwait(false);
            var options = new BatchJobOptions
            {
                Inputs = [.. inputs],
                Output = directory.Path("answers.parquet"),
                BatchSize = BatchSize,
                CallsInFlight = 2 * Actors,
            };
            await BatchJob.PreviewAsync(endpoint!, options, cancellationToken).ConfigureAwait(false);
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            var idle = Environment.WorkingSet / Megabyte;
            var tenths = new Tenths();
            var rows = (long)Files * RowsOfFile;
            progress.Report($"files: {rows} rows of {Width} floats in {Files} files through a pool");
            await BatchJob.RunAsync(endpoint!, options, tenths, cancellationToken).ConfigureAwait(false);
            var subject = $"{rows} rows of {Width} floats in {Files} files, last tenth";
            var (second, last) = (new Samples(tenths[1]), new Samples(tenths[9]));
            return
            [
                BenchResult.OfCost("memory", subject, "MB", last, "second tenth", second),
                BenchResult.OfCost("memory", subject, "MB", last, "the process before", new Samples([idle])),
            ];
        }
    }

    /// <summary>What the process has in memory, by tenths of the job.</summary>
    private sealed class Tenths : IProgress<BatchProgress>
    {
        private readonly List<double>[] _samples = [.. Enumerable.Range(0, 10).Select(_ => new List<double>())];
        private int _batches;

        public IReadOnlyList<double> this[int tenth] => _samples[tenth];

        public void Report(BatchProgress value)
        {
            if (++_batches % BatchesPerSample == 0)
            {
                _samples[Math.Min(9, (int)(10 * value.Share!.Value))].Add(Environment.WorkingSet / Megabyte);
            }
        }
    }
}
