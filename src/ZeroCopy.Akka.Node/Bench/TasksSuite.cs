using System.Diagnostics;
using ZeroCopy.Node.Cli;
using ZeroCopy.Runtime;
using ZeroCopy.Store;
using ZeroCopy.Torch;
using static TorchSharp.torch;

namespace ZeroCopy.Node.Bench;

/// <summary>One call after the other through a one-shot actor, against the forward itself.</summary>
internal sealed class TasksSuite : IBenchSuite
{
    public string Name => "tasks";

    public string Description => "a task call through an actor of its own, against a direct forward";

    public async Task<IReadOnlyList<BenchResult>> RunAsync(IProgress<string> progress, CancellationToken cancellationToken)
    {
        using var directory = new ScratchDirectory("bench");
        var host = ZeroCopyHost.Open(new ZeroCopyHostOptions { Store = new ObjectStoreOptions { Directory = directory.Path("store") } });
        await using (host.ConfigureAwait(false))
        {
            return
            [
                await MeasureAsync(host, "small", BenchModels.Small(), BenchModels.CallSmall, BenchModels.Rows(1), 20, 500, progress, cancellationToken)
                    .ConfigureAwait(false),
                await MeasureAsync(host, "bert", BenchModels.Bert(), BenchModels.CallBert, BenchModels.Tokens(1), 10, 5, progress, cancellationToken)
                    .ConfigureAwait(false),
            ];
        }
    }

    private static async Task<BenchResult> MeasureAsync<TModule>(
        ZeroCopyHost host, string subject, TModule module, ModelFunction function, Tensor input, int rounds, int calls, IProgress<string> progress,
        CancellationToken cancellationToken)
        where TModule : nn.Module
    {
        progress.Report($"tasks: {subject}, {rounds} rounds of {calls} calls");
        var handle = await host.Runtime.PutAsync(module, cancellationToken: cancellationToken).ConfigureAwait(false);
        var source = host.Runtime.Open<TModule>(handle);
        var tasks = new List<double>();
        var directs = new List<double>();
        for (var round = -1; round < rounds; round++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            for (var call = 0; call < calls; call++)
            {
                var start = Stopwatch.GetTimestamp();
                BenchModels.Direct(function, module, input);
                Add(directs, round, start);
            }

            for (var call = 0; call < calls; call++)
            {
                var start = Stopwatch.GetTimestamp();
                BenchModels.Free(await host.Actors.Tasks.RunAsync(source, function, input, cancellationToken: cancellationToken).ConfigureAwait(false));
                Add(tasks, round, start);
            }
        }

        input.Dispose();
        ModuleDisposal.Release(module);
        return BenchResult.OfCost("task-call", subject, "us", new Samples(tasks), "direct forward", new Samples(directs));
    }

    private static void Add(List<double> samples, int round, long start)
    {
        if (round >= 0)
        {
            samples.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
        }
    }
}
