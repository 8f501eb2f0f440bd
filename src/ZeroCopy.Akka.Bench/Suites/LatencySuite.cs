using System.Diagnostics;
using ZeroCopy.Actors.Inference;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Bench.Measuring;
using ZeroCopy.Bench.Models;
using ZeroCopy.Store;
using ZeroCopy.Torch.Batching;
using static TorchSharp.torch;

namespace ZeroCopy.Bench.Suites;

/// <summary>
/// What micro-batches cost a lone request and give to many: a pool that joins requests against one that does not, with requests of one row.
/// Arrivals do not wait for answers; their times are random (Poisson), in steps of the system's timer, about a millisecond.
/// </summary>
internal sealed class LatencySuite : IBenchSuite
{
    private const int Actors = 2;
    private const int Rounds = 5;
    private const int LoneCalls = 4_000;
    private const int Callers = 256;
    private const int CallsOfCaller = 200;
    private static readonly TimeSpan Arriving = TimeSpan.FromSeconds(2);
    private static readonly double[] Shares = [0.2, 0.5, 0.8];

    public string Name => "latency";

    public string Description => "micro-batches: time of a lone request, requests per second, percentiles under open-loop arrivals";

    public async Task<IReadOnlyList<BenchResult>> RunAsync(IProgress<string> progress, CancellationToken cancellationToken)
    {
        using var directory = new ScratchDirectory("bench");
        var host = ZeroCopyHost.Open(new ZeroCopyHostOptions { Store = new ObjectStoreOptions { Directory = directory.Path("store") } });
        await using (host.ConfigureAwait(false))
        {
            using var module = BenchModels.Small();
            // Requests that are all the same would prove nothing of joining, and be compared at every batch.
            var rows = Enumerable.Range(0, Callers).Select(_ => BenchModels.Rows(1)).ToArray();
            var handle = await host.Runtime.PutAsync(module, cancellationToken: cancellationToken).ConfigureAwait(false);
            var single = await PoolAsync("single", null).ConfigureAwait(false);
            var joined = await PoolAsync("joined", new BatchingSettings { MaxRows = 64 }).ConfigureAwait(false);
            progress.Report("latency: a lone request");
            var (lone, direct) = await Interleaved.SampleAsync(
                Rounds, () => LoneAsync(joined, rows), () => LoneAsync(single, rows), cancellationToken).ConfigureAwait(false);
            progress.Report($"latency: {Callers} callers");
            var (many, ones) = await Interleaved.SampleAsync(
                Rounds, () => SustainedAsync(joined, rows), () => SustainedAsync(single, rows), cancellationToken).ConfigureAwait(false);
            var results = new List<BenchResult>
            {
                BenchResult.OfCost("lone", "small", "us", lone, "pool without micro-batches", direct),
                BenchResult.OfRate("sustained", "small", "requests/s", many, "pool without micro-batches", ones),
            };
            foreach (var share in Shares)
            {
                progress.Report($"latency: arrivals at {share:P0} of {ones.Median:F0} requests/s");
                var (with, without) = (new List<Samples>(), new List<Samples>());
                for (var round = 0; round < Rounds; round++)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    without.Add(await ArriveAsync(single, rows, share * ones.Median, round, cancellationToken).ConfigureAwait(false));
                    with.Add(await ArriveAsync(joined, rows, share * ones.Median, round, cancellationToken).ConfigureAwait(false));
                }

                foreach (var percentile in new[] { 50, 99 })
                {
                    results.Add(BenchResult.OfCost(
                        $"p{percentile}",
                        $"small, arrivals at {share:P0} of capacity",
                        "us",
                        new Samples(with.Select(times => times.Percentile(percentile))),
                        "pool without micro-batches",
                        new Samples(without.Select(times => times.Percentile(percentile)))));
                }
            }

            Array.ForEach(rows, row => row.Dispose());
            return results;

            async Task<InferencePool> PoolAsync(string name, BatchingSettings? batching)
            {
                var pool = await host.Actors.CreatePoolAsync(
                    name, host.Runtime.Open<nn.Module<Tensor, Tensor>>(handle), BenchModels.CallSmall, new TorchBatchCodec(),
                    settings => settings with { Size = Actors, Threads = 1, Batching = batching, QueueCapacity = 1 << 20 })
                    .ConfigureAwait(false);
                await pool.WhenReadyAsync(cancellationToken).ConfigureAwait(false);
                return pool;
            }
        }
    }

    /// <summary>Microseconds of a call while there is no other.</summary>
    private static async Task<double> LoneAsync(InferencePool pool, Tensor[] rows)
    {
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < LoneCalls; i++)
        {
            BenchModels.Free(await pool.CallAsync(rows[i % rows.Length]).ConfigureAwait(false));
        }

        return Stopwatch.GetElapsedTime(start).TotalMicroseconds / LoneCalls;
    }

    /// <summary>Requests per second of many callers, each of which waits for its answer.</summary>
    private static async Task<double> SustainedAsync(InferencePool pool, Tensor[] rows)
    {
        var start = Stopwatch.GetTimestamp();
        await Task.WhenAll(rows.Select(row => Task.Run(async () =>
        {
            for (var i = 0; i < CallsOfCaller; i++)
            {
                BenchModels.Free(await pool.CallAsync(row).ConfigureAwait(false));
            }
        }))).ConfigureAwait(false);
        return Callers * CallsOfCaller / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Microseconds of each of the requests that arrive at a rate, whether others are answered or not.</summary>
    private static async Task<Samples> ArriveAsync(
        InferencePool pool, Tensor[] rows, double perSecond, int seed, CancellationToken cancellationToken) =>
        new(await OpenLoop.SendAsync(
            Arrivals(perSecond, seed),
            async (number, _) =>
            {
                var start = Stopwatch.GetTimestamp();
                BenchModels.Free(await pool.CallAsync(rows[number % rows.Length]).ConfigureAwait(false));
                return Stopwatch.GetElapsedTime(start).TotalMicroseconds;
            },
            cancellationToken).ConfigureAwait(false));

    private static IEnumerable<double> Arrivals(double perSecond, int seed)
    {
        var random = new Random(seed);
        for (var next = 0d; next < Arriving.TotalSeconds; next -= Math.Log(1 - random.NextDouble()) / perSecond)
        {
            yield return next;
        }
    }
}
