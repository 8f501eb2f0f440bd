using System.Diagnostics;
using ZeroCopy.Bench.Measuring;
using ZeroCopy.Bench.Models;
using ZeroCopy.Runtime;
using ZeroCopy.Store;
using ZeroCopy.Torch.Modules;
using static TorchSharp.torch;

namespace ZeroCopy.Bench.Suites;

/// <summary>One call after the other through a one-shot actor, against the forward itself.</summary>
internal sealed class TasksSuite : IBenchSuite
{
    // The path of a task is compiled again in the background, in steps, over some ten thousand calls: until then it takes twice the time.
    private const int WarmUps = 100;

    public string Name => "tasks";

    public string Description => "a task call through an actor of its own, against a direct forward";

    public async Task<IReadOnlyList<BenchResult>> RunAsync(IProgress<string> progress, CancellationToken cancellationToken)
    {
        using var directory = new ScratchDirectory("bench");
        var host = ZeroCopyHost.Open(new ZeroCopyHostOptions { Store = new ObjectStoreOptions { Directory = directory.Path("store") } });
        await using (host.ConfigureAwait(false))
        {
            var small = new Load("small", BenchModels.CallSmall, BenchModels.Rows(1), WarmUps, Rounds: 20, Calls: 500);
            var bert = new Load("bert", BenchModels.CallBert, BenchModels.Tokens(1), WarmUps: 1, Rounds: 10, Calls: 5);
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
        progress.Report($"tasks: {load.Subject}, {load.Rounds} rounds of {load.Calls} calls, after {load.WarmUps} to warm up");
        var handle = await host.Runtime.PutAsync(module, cancellationToken: cancellationToken).ConfigureAwait(false);
        var source = host.Runtime.Open<TModule>(handle);
        var tasks = new List<double>();
        var directs = new List<double>();
        for (var round = -load.WarmUps; round < load.Rounds; round++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            for (var call = 0; call < load.Calls; call++)
            {
                var start = Stopwatch.GetTimestamp();
                BenchModels.Direct(load.Function, module, load.Input);
                Add(directs, round, start);
            }

            for (var call = 0; call < load.Calls; call++)
            {
                var start = Stopwatch.GetTimestamp();
                var answer = await host.Actors.Tasks.RunAsync(
                    source, load.Function, load.Input, cancellationToken: cancellationToken).ConfigureAwait(false);
                BenchModels.Free(answer);
                Add(tasks, round, start);
            }
        }

        load.Input.Dispose();
        ModuleDisposal.Release(module);
        return BenchResult.OfCost("task-call", load.Subject, "us", new Samples(tasks), "direct forward", new Samples(directs));
    }

    private static void Add(List<double> samples, int round, long start)
    {
        if (round >= 0)
        {
            samples.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
        }
    }

    private sealed record Load(string Subject, ModelFunction Function, Tensor Input, int WarmUps, int Rounds, int Calls);
}
