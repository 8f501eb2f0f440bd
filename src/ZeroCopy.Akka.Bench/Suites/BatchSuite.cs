using System.Diagnostics;
using Parquet;
using Parquet.Schema;
using ZeroCopy.Bench.Measuring;
using ZeroCopy.Bench.Models;
using ZeroCopy.Datasets.Jobs;
using ZeroCopy.Endpoints;
using ZeroCopy.Runtime;
using ZeroCopy.Store;
using ZeroCopy.Torch.Modules;
using static TorchSharp.torch;

namespace ZeroCopy.Bench.Suites;

/// <summary>
/// Rows per second from a Parquet file through a pool into another, against the best loop over threads that a user would write by hand.
/// </summary>
internal sealed class BatchSuite : IBenchSuite
{
    private const int Actors = 2;
    private const int Rounds = 5;
    private const int WarmUps = 2;
    private const string Pool = "bench";
    private static readonly int[] ThreadCounts = [1, 2];

    public string Name => "batch";

    public string Description => "rows per second from file to file through a pool, against the best hand-written loop over threads";

    public async Task<IReadOnlyList<BenchResult>> RunAsync(IProgress<string> progress, CancellationToken cancellationToken)
    {
        var small = new Load<float>(
            "small", "input", BenchModels.CallSmall, random => random.NextSingle(), (values, shape) => tensor(values, shape),
            Rows: 200_000, Width: 128, GroupRows: 16_384, [new Output("output", 10)], BatchSizes: [32, 256],
            JournalCopies: 5);
        // The states of all tokens are most of the file, so both sides write them too.
        var bert = new Load<long>(
            "bert", "input_ids", BenchModels.CallBert, random => random.NextInt64(30_522), (values, shape) => tensor(values, shape),
            Rows: 128, Width: 32, GroupRows: 64, [new Output("last_hidden_state", 32 * 768), new Output("pooler_output", 768)],
            BatchSizes: [8]);
        return
        [
            .. await MeasureAsync(small, BenchModels.Small(), progress, cancellationToken).ConfigureAwait(false),
            .. await MeasureAsync(bert, BenchModels.Bert(), progress, cancellationToken).ConfigureAwait(false),
        ];
    }

    private static async Task<List<BenchResult>> MeasureAsync<T>(
        Load<T> load, nn.Module module, IProgress<string> progress, CancellationToken cancellationToken)
        where T : unmanaged
    {
        using var directory = new ScratchDirectory("bench");
        var input = directory.Path("input.parquet");
        progress.Report($"batch: writing {load.Rows} rows of {load.Width} {typeof(T).Name} for {load.Subject}");
        await WriteInputAsync(load, input).ConfigureAwait(false);
        var host = ZeroCopyHost.Open(new ZeroCopyHostOptions { Store = new ObjectStoreOptions { Directory = directory.Path("store") } });
        await using (host.ConfigureAwait(false))
        {
            var handle = await host.Runtime.PutAsync(module, cancellationToken: cancellationToken).ConfigureAwait(false);
            await host.Actors.CreatePoolAsync(
                Pool, host.Runtime.OpenAny(handle), host.Runtime.BinderOf(handle),
                settings => settings with { Size = Actors, Threads = 1, Batching = null, Deadline = null }).ConfigureAwait(false);
            var endpoint = await host.Endpoints.FindAsync(Pool, null, cancellationToken).ConfigureAwait(false);
            var results = new List<BenchResult>();
            foreach (var size in load.BatchSizes)
            {
                results.Add(
                    await MeasureAsync(load, endpoint!, module, directory, size, progress, cancellationToken).ConfigureAwait(false));
            }

            if (load.JournalCopies > 0)
            {
                results.Add(await MeasureJournalAsync(load, endpoint!, directory, progress, cancellationToken).ConfigureAwait(false));
            }

            ModuleDisposal.Release(module);
            return results;
        }
    }

    private static async Task<BenchResult> MeasureAsync<T>(
        Load<T> load,
        IModelEndpoint endpoint,
        nn.Module module,
        ScratchDirectory directory,
        int size,
        IProgress<string> progress,
        CancellationToken cancellationToken)
        where T : unmanaged
    {
        var (input, theirs) = (directory.Path("input.parquet"), directory.Path("theirs.parquet"));
        var options = Options(directory, size);
        var rates = new List<(int Threads, double Rate)>();
        foreach (var count in ThreadCounts)
        {
            progress.Report($"batch: {load.Subject}, batches of {size}, a loop over {count} threads");
            await LoopAsync(load, module, input, theirs, size, count).ConfigureAwait(false);
            rates.Add((count, await LoopAsync(load, module, input, theirs, size, count).ConfigureAwait(false)));
        }

        for (var warmUp = 0; warmUp < WarmUps; warmUp++)
        {
            await JobAsync(endpoint, options, load.Rows, cancellationToken).ConfigureAwait(false);
        }

        var threads = rates.MaxBy(rate => rate.Rate).Threads;
        progress.Report($"batch: {load.Subject}, batches of {size}, {Rounds} rounds; the best loop has {threads} threads");
        var (value, baseline) = await Interleaved.SampleAsync(
            Rounds,
            () => JobAsync(endpoint, options, load.Rows, cancellationToken),
            () => LoopAsync(load, module, input, theirs, size, threads),
            cancellationToken).ConfigureAwait(false);
        return BenchResult.OfRate(
            "throughput", $"{load.Subject}, batches of {size}", "rows/s", value, $"loop over {threads} threads", baseline);
    }

    /// <summary>A job that keeps states to go on from, against one that keeps none before its end; both hash what they write.</summary>
    private static async Task<BenchResult> MeasureJournalAsync<T>(
        Load<T> load,
        IModelEndpoint endpoint,
        ScratchDirectory directory,
        IProgress<string> progress,
        CancellationToken cancellationToken)
        where T : unmanaged
    {
        var options = Options(directory, load.BatchSizes[^1]);
        var copies = Enumerable.Range(0, load.JournalCopies).Select(copy => directory.Path($"copy{copy}.parquet")).ToArray();
        Array.ForEach(copies, copy => File.Copy(options.Inputs[0], copy));
        options = options with { Inputs = [.. copies] };
        var rows = load.Rows * load.JournalCopies;
        progress.Report($"batch: {load.Subject}, {Rounds} rounds of {rows} rows with and without states to go on from");
        var (value, baseline) = await Interleaved.SampleAsync(
            Rounds,
            () => JobAsync(endpoint, options, rows, cancellationToken),
            () => JobAsync(endpoint, options with { CommitInterval = TimeSpan.MaxValue }, rows, cancellationToken),
            cancellationToken).ConfigureAwait(false);
        return BenchResult.OfRate(
            "journal", $"{load.Subject}, a state every {options.CommitInterval.TotalSeconds} s", "rows/s", value, "one state at the end",
            baseline);
    }

    private static BatchJobOptions Options(ScratchDirectory directory, int batchSize) => new()
    {
        Inputs = [directory.Path("input.parquet")],
        Output = directory.Path("ours.parquet"),
        BatchSize = batchSize,
        Force = true,
        CallsInFlight = 2 * Actors,
    };

    private static async Task<double> JobAsync(
        IModelEndpoint endpoint, BatchJobOptions options, int rows, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        await BatchJob.RunAsync(endpoint, options, null, cancellationToken).ConfigureAwait(false);
        return rows / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static async Task WriteInputAsync<T>(Load<T> load, string path)
        where T : unmanaged
    {
        var schema = new ParquetSchema(ListOf<T>(load.Input));
        var file = File.Create(path);
        await using var fileEnd = file.ConfigureAwait(false);
        var writer = await ParquetWriter.CreateAsync(schema, file).ConfigureAwait(false);
        await using var writerEnd = writer.ConfigureAwait(false);
        var random = new Random(1);
        for (var row = 0; row < load.Rows; row += load.GroupRows)
        {
            var values = new T[Math.Min(load.GroupRows, load.Rows - row) * load.Width];
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = load.Next(random);
            }

            using var group = writer.CreateRowGroup();
            await WriteListsAsync(group, schema.DataFields[0], values, load.Width).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// What a user writes who knows the library: a row group is read, its batches go over threads, their answers are one row group.
    /// </summary>
    private static async Task<double> LoopAsync<T>(Load<T> load, nn.Module module, string input, string output, int size, int threads)
        where T : unmanaged
    {
        var start = Stopwatch.GetTimestamp();
        var schema = new ParquetSchema(load.Outputs.Select(answer => ListOf<float>(answer.Name)));
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
            var values = new T[rows * load.Width];
            await group.ReadRawAsync<T>(field, values, new int[values.Length], new int[values.Length]).ConfigureAwait(false);
            var answers = load.Outputs.Select(answer => new float[rows * answer.Width]).ToArray();
            Compute(load, module, values, answers, size, threads);
            using var written = writer.CreateRowGroup();
            for (var i = 0; i < answers.Length; i++)
            {
                await WriteListsAsync(written, schema.DataFields[i], answers[i], load.Outputs[i].Width).ConfigureAwait(false);
            }
        }

        return load.Rows / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static void Compute<T>(Load<T> load, nn.Module module, T[] values, float[][] answers, int size, int threads)
        where T : unmanaged
    {
        var rows = values.Length / load.Width;
        var next = -size;
        LoopThreads.Run(threads, () =>
        {
            using var mode = inference_mode();
            for (var row = Interlocked.Add(ref next, size); row < rows; row = Interlocked.Add(ref next, size))
            {
                var count = Math.Min(size, rows - row);
                using var scope = NewDisposeScope();
                var batch = load.Batch(values.AsMemory(row * load.Width, count * load.Width), [count, load.Width]);
                var answer = load.Function(module, batch);
                for (var i = 0; i < answers.Length; i++)
                {
                    var (name, width) = load.Outputs[i];
                    var tensor = answer as Tensor ?? ((Dictionary<string, Tensor>)answer!)[name];
                    tensor.data<float>().CopyTo(answers[i].AsSpan(row * width, count * width));
                }
            }
        });
    }

    private static ListField ListOf<T>(string name)
        where T : unmanaged =>
        new(name, new DataField("element", typeof(T), isNullable: false));

    private static async Task WriteListsAsync<T>(ParquetRowGroupWriter group, DataField field, T[] values, int width)
        where T : unmanaged
    {
        var definition = new int[values.Length];
        var repetition = new int[values.Length];
        Array.Fill(definition, field.MaxDefinitionLevel);
        for (var i = 0; i < repetition.Length; i++)
        {
            repetition[i] = i % width == 0 ? 0 : 1;
        }

        await group.WriteAllPartsAsync<T>(field, values, definition, repetition, CancellationToken.None).ConfigureAwait(false);
    }

    private sealed record Output(string Name, int Width);

    /// <summary>Rows of <paramref name="Width"/> values, and the model that answers each with a list per output.</summary>
    private sealed record Load<T>(
        string Subject,
        string Input,
        ModelFunction Function,
        Func<Random, T> Next,
        Func<Memory<T>, long[], Tensor> Batch,
        int Rows,
        int Width,
        int GroupRows,
        Output[] Outputs,
        int[] BatchSizes,
        int JournalCopies = 0)
        where T : unmanaged;
}
