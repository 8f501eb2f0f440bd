using System.Diagnostics;
using Parquet;
using Parquet.Schema;
using ZeroCopy.Bench.Measuring;
using ZeroCopy.Bench.Models;
using ZeroCopy.Datasets.Jobs;
using ZeroCopy.Endpoints;
using ZeroCopy.Store;
using ZeroCopy.Torch.Instances;
using static TorchSharp.torch;

namespace ZeroCopy.Bench.Suites;

/// <summary>
/// Rows per second from a Parquet file through a pool into another, against the best loop over threads that a user would write by hand.
/// </summary>
internal sealed class BatchSuite : IBenchSuite
{
    private const int Rows = 200_000;
    private const int Width = 128;
    private const int Answers = 10;
    private const int GroupRows = 16_384;
    private const int Actors = 2;
    private const int Rounds = 5;
    private const string Pool = "bench";
    private static readonly int[] BatchSizes = [32, 256];
    private static readonly int[] ThreadCounts = [1, 2];

    public string Name => "batch";

    public string Description => "rows per second from file to file through a pool, against the best hand-written loop over threads";

    public async Task<IReadOnlyList<BenchResult>> RunAsync(IProgress<string> progress, CancellationToken cancellationToken)
    {
        using var directory = new ScratchDirectory("bench");
        var input = directory.Path("input.parquet");
        progress.Report($"batch: writing {Rows} rows of {Width} floats");
        await WriteInputAsync(input).ConfigureAwait(false);
        var host = ZeroCopyHost.Open(new ZeroCopyHostOptions { Store = new ObjectStoreOptions { Directory = directory.Path("store") } });
        await using (host.ConfigureAwait(false))
        {
            using var module = BenchModels.Small();
            var handle = await host.Runtime.PutAsync(module, cancellationToken: cancellationToken).ConfigureAwait(false);
            await host.Actors.CreatePoolAsync(
                Pool, host.Runtime.OpenAny(handle), host.Runtime.BinderOf(handle),
                settings => settings with { Size = Actors, Threads = 1, Batching = null, Deadline = null }).ConfigureAwait(false);
            var endpoint = await host.Endpoints.FindAsync(Pool, null, cancellationToken).ConfigureAwait(false);
            var results = new List<BenchResult>();
            foreach (var size in BatchSizes)
            {
                results.Add(
                    await MeasureAsync(endpoint!, module, input, directory, size, progress, cancellationToken).ConfigureAwait(false));
            }

            return results;
        }
    }

    private static async Task<BenchResult> MeasureAsync(
        IModelEndpoint endpoint,
        nn.Module<Tensor, Tensor> module,
        string input,
        ScratchDirectory directory,
        int size,
        IProgress<string> progress,
        CancellationToken cancellationToken)
    {
        var (ours, theirs) = (directory.Path("ours.parquet"), directory.Path("theirs.parquet"));
        var rates = new List<(int Threads, double Rate)>();
        foreach (var count in ThreadCounts)
        {
            progress.Report($"batch: batches of {size}, a loop over {count} threads");
            await LoopAsync(module, input, theirs, size, count).ConfigureAwait(false);
            rates.Add((count, await LoopAsync(module, input, theirs, size, count).ConfigureAwait(false)));
        }

        var threads = rates.MaxBy(rate => rate.Rate).Threads;
        progress.Report($"batch: batches of {size}, {Rounds} rounds; the best loop has {threads} threads");
        var (value, baseline) = await Interleaved.SampleAsync(
            Rounds, JobAsync, () => LoopAsync(module, input, theirs, size, threads), cancellationToken).ConfigureAwait(false);
        return BenchResult.OfRate("throughput", $"small, batches of {size}", "rows/s", value, $"loop over {threads} threads", baseline);

        async Task<double> JobAsync()
        {
            var options = new BatchJobOptions
            {
                Inputs = [input],
                Output = ours,
                BatchSize = size,
                Force = true,
                CallsInFlight = 2 * Actors,
            };
            var start = Stopwatch.GetTimestamp();
            await BatchJob.RunAsync(endpoint, options, null, cancellationToken).ConfigureAwait(false);
            return Rows / Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
    }

    private static async Task WriteInputAsync(string path)
    {
        var schema = new ParquetSchema(new ListField("input", new DataField("element", typeof(float), isNullable: false)));
        var file = File.Create(path);
        await using (file.ConfigureAwait(false))
        {
            var writer = await ParquetWriter.CreateAsync(schema, file).ConfigureAwait(false);
            await using (writer.ConfigureAwait(false))
            {
                var random = new Random(1);
                for (var row = 0; row < Rows; row += GroupRows)
                {
                    var values = new float[Math.Min(GroupRows, Rows - row) * Width];
                    for (var i = 0; i < values.Length; i++)
                    {
                        values[i] = random.NextSingle();
                    }

                    await WriteListsAsync(writer, schema, values, Width).ConfigureAwait(false);
                }
            }
        }
    }

    /// <summary>
    /// What a user writes who knows the library: a row group is read, its batches go over threads, their answers are one row group.
    /// </summary>
    private static async Task<double> LoopAsync(nn.Module<Tensor, Tensor> module, string input, string output, int size, int threads)
    {
        var start = Stopwatch.GetTimestamp();
        var schema = new ParquetSchema(new ListField("output", new DataField("element", typeof(float), isNullable: false)));
        var reader = await ParquetReader.CreateAsync(input).ConfigureAwait(false);
        await using var readerEnd = reader.ConfigureAwait(false);
        var file = File.Create(output);
        await using var fileEnd = file.ConfigureAwait(false);
        var writer = await ParquetWriter.CreateAsync(schema, file).ConfigureAwait(false);
        await using var writerEnd = writer.ConfigureAwait(false);
        var field = reader.Schema.DataFields[0];
        for (var index = 0; index < reader.RowGroupCount; index++)
        {
            using var group = reader.OpenRowGroupReader(index);
            var rows = (int)group.RowCount;
            var values = new float[rows * Width];
            await group.ReadRawAsync<float>(field, values, new int[values.Length], new int[values.Length]).ConfigureAwait(false);
            var answers = new float[rows * Answers];
            Compute(module, values, answers, size, threads);
            await WriteListsAsync(writer, schema, answers, Answers).ConfigureAwait(false);
        }

        return Rows / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static void Compute(nn.Module<Tensor, Tensor> module, float[] values, float[] answers, int size, int threads)
    {
        var rows = values.Length / Width;
        var next = -size;
        var workers = Enumerable.Range(0, threads).Select(_ => new Thread(() =>
        {
            TorchThreads.Bound(Math.Max(1, Environment.ProcessorCount / threads));
            using var mode = inference_mode();
            for (var row = Interlocked.Add(ref next, size); row < rows; row = Interlocked.Add(ref next, size))
            {
                var count = Math.Min(size, rows - row);
                using var scope = NewDisposeScope();
                var batch = tensor(values.AsMemory(row * Width, count * Width), [count, Width]);
                module.call(batch).data<float>().CopyTo(answers.AsSpan(row * Answers, count * Answers));
            }
        })).ToArray();
        Array.ForEach(workers, worker => worker.Start());
        Array.ForEach(workers, worker => worker.Join());
    }

    private static async Task WriteListsAsync(ParquetWriter writer, ParquetSchema schema, float[] values, int width)
    {
        var definition = new int[values.Length];
        var repetition = new int[values.Length];
        Array.Fill(definition, schema.DataFields[0].MaxDefinitionLevel);
        for (var i = 0; i < repetition.Length; i++)
        {
            repetition[i] = i % width == 0 ? 0 : 1;
        }

        using var group = writer.CreateRowGroup();
        await group.WriteAllPartsAsync<float>(schema.DataFields[0], values, definition, repetition, CancellationToken.None)
            .ConfigureAwait(false);
    }
}
