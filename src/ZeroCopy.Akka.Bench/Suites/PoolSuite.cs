using System.Diagnostics;
using ZeroCopy.Bench.Measuring;
using ZeroCopy.Bench.Models;
using ZeroCopy.Runtime;
using ZeroCopy.Store;
using ZeroCopy.Torch.Batching;
using ZeroCopy.Torch.Modules;
using static TorchSharp.torch;

namespace ZeroCopy.Bench.Suites;

/// <summary>Rows per second through a pool, against the best loop over threads that a user would write by hand.</summary>
internal sealed class PoolSuite : IBenchSuite
{
    private const int Rounds = 11;
    private const int Trials = 5;

    // The paths through an actor are compiled in the background, over some ten thousand calls.
    private const int WarmUps = 5;
    private static readonly int[] ThreadCounts = [1, 2, 4];

    public string Name => "pool";

    public string Description => "rows per second through a pool of actors, against the best hand-written loop over threads";

    public async Task<IReadOnlyList<BenchResult>> RunAsync(IProgress<string> progress, CancellationToken cancellationToken)
    {
        using var directory = new ScratchDirectory("bench");
        var host = ZeroCopyHost.Open(new ZeroCopyHostOptions { Store = new ObjectStoreOptions { Directory = directory.Path("store") } });
        await using (host.ConfigureAwait(false))
        {
            var small = new Load("small", BenchModels.CallSmall, BenchModels.Rows(32), Actors: 4, Calls: 8000, WarmUps);
            var bert = new Load("bert", BenchModels.CallBert, BenchModels.Tokens(8), Actors: 2, Calls: 12, WarmUps: 1);
            return
            [
                await MeasureAsync(host, small, BenchModels.Small(), progress, cancellationToken).ConfigureAwait(false),
                await MeasureAsync(host, bert, BenchModels.Bert(), progress, cancellationToken).ConfigureAwait(false),
            ];
        }
    }

    private static async Task<BenchResult> MeasureAsync<TModule>(
        ZeroCopyHost host, Load load, TModule module, IProgress<string> progress, CancellationToken cancellationToken)
        where TModule : nn.Module
    {
        var handle = await host.Runtime.PutAsync(module, cancellationToken: cancellationToken).ConfigureAwait(false);
        var pool = await host.Actors.CreatePoolAsync(
            load.Subject, host.Runtime.Open<TModule>(handle), load.Function, new TorchBatchCodec(),
            settings => settings with { Size = load.Actors, Batching = null }).ConfigureAwait(false);
        await pool.WhenReadyAsync(cancellationToken).ConfigureAwait(false);

        for (var warmUp = 0; warmUp < load.WarmUps; warmUp++)
        {
            progress.Report($"pool: {load.Subject}, warm-up {warmUp + 1} of {load.WarmUps}");
            await CallAsync(load, pool, cancellationToken).ConfigureAwait(false);
        }

        var threads = ThreadCounts.Where(count => count <= Math.Max(2, Environment.ProcessorCount))
            .MaxBy(count => new Samples(Enumerable.Range(0, Trials).Select(_ => Loop(load, module, count))).Median);
        progress.Report($"pool: {load.Subject}, {Rounds} rounds of {load.Calls} calls; the best loop has {threads} threads");
        var (value, baseline) = await Interleaved.SampleAsync(
            Rounds,
            () => CallAsync(load, pool, cancellationToken),
            () => Task.Run(() => Loop(load, module, threads), cancellationToken),
            cancellationToken)
            .ConfigureAwait(false);
        await pool.DrainAsync().ConfigureAwait(false);
        ModuleDisposal.Release(module);
        load.Input.Dispose();
        return BenchResult.OfRate("throughput", load.Subject, "rows/s", value, $"loop over {threads} threads", baseline);
    }

    // So many callers that every actor's mailbox stays filled: the figure is of throughput, not of waiting.
    private static async Task<double> CallAsync(Load load, Actors.Inference.InferencePool pool, CancellationToken cancellationToken) =>
        load.Input.shape[0] * await ClosedLoop.RateAsync(load.Calls, 8 * load.Actors, async () =>
            BenchModels.Free(await pool.CallAsync(load.Input, cancellationToken: cancellationToken).ConfigureAwait(false)))
            .ConfigureAwait(false);

    private static double Loop(Load load, nn.Module module, int threads)
    {
        var next = -1;
        var start = Stopwatch.GetTimestamp();
        LoopThreads.Run(threads, () =>
        {
            while (Interlocked.Increment(ref next) < load.Calls)
            {
                BenchModels.Direct(load.Function, module, load.Input);
            }
        });
        return load.Calls * load.Input.shape[0] / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private sealed record Load(string Subject, ModelFunction Function, Tensor Input, int Actors, int Calls, int WarmUps);
}
