using System.Diagnostics;
using Akka.Actor;
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
        var small = new Load("small", BenchModels.CallSmall, BenchModels.Rows(32), Actors: 4, Calls: 8000, WarmUps);
        var kept = small with { Subject = "small, callers on compute threads", Callers = "compute-threads" };
        var bert = new Load("bert", BenchModels.CallBert, BenchModels.Tokens(8), Actors: 2, Calls: 12, WarmUps: 1);
        var results = new[]
        {
            await MeasureAsync(small, BenchModels.Small(), progress, cancellationToken).ConfigureAwait(false),
            await MeasureAsync(kept, BenchModels.Small(), progress, cancellationToken).ConfigureAwait(false),
            await MeasureAsync(bert, BenchModels.Bert(), progress, cancellationToken).ConfigureAwait(false),
        };
        small.Input.Dispose();
        bert.Input.Dispose();
        return results;
    }

    private static async Task<BenchResult> MeasureAsync<TModule>(
        Load load, TModule module, IProgress<string> progress, CancellationToken cancellationToken)
        where TModule : nn.Module
    {
        using var directory = new ScratchDirectory("bench");
        var system = ActorSystem.Create("bench", $"akka.loglevel = WARNING, zerocopy.inference.dispatcher.callers = {load.Callers}");
        var host = ZeroCopyHost.Open(new ZeroCopyHostOptions
        {
            Store = new ObjectStoreOptions { Directory = directory.Path("store") },
            ActorSystem = system,
        });
        await using (host.ConfigureAwait(false))
        {
            try
            {
                return await MeasureAsync(host, load, module, progress, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                await system.Terminate().ConfigureAwait(false);
            }
        }
    }

    private static async Task<BenchResult> MeasureAsync<TModule>(
        ZeroCopyHost host, Load load, TModule module, IProgress<string> progress, CancellationToken cancellationToken)
        where TModule : nn.Module
    {
        var handle = await host.Runtime.PutAsync(module, cancellationToken: cancellationToken).ConfigureAwait(false);
        var pool = await host.Actors.CreatePoolAsync(
            "bench", host.Runtime.Open<TModule>(handle), load.Function, new TorchBatchCodec(),
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

    private sealed record Load(string Subject, ModelFunction Function, Tensor Input, int Actors, int Calls, int WarmUps)
    {
        /// <summary>Where callers go on behind their calls, as the setting says.</summary>
        public string Callers { get; init; } = "thread-pool";
    }
}
