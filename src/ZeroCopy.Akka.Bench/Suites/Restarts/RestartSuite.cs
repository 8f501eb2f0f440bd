using ZeroCopy.Bench.Measuring;
using ZeroCopy.Bench.Suites.Fleet;
using ZeroCopy.Bench.Suites.Remote;
using ZeroCopy.Bench.Workers;
using ZeroCopy.Clustering.Clients;
using ZeroCopy.Store;
using ZeroCopy.Tensors;
using ZeroCopy.Torch;
using ZeroCopy.Torch.Catalog;
using ZeroCopy.Torch.Models;

namespace ZeroCopy.Bench.Suites.Restarts;

/// <summary>
/// Nodes that end and are started again one by one, by SIGKILL and by SIGTERM, while a client outside of the cluster calls a model that all
/// of them hold; and how long a node takes to start.
/// </summary>
internal sealed class RestartSuite(RestartSizes sizes) : IBenchSuite
{
    private const int Width = 64;

    public string Name => "restarts";

    public string Description => "calls while nodes are killed, or stopped, and started again one by one; the start of a node";

    public IReadOnlyList<WorkerVerb> Verbs => [];

    public async Task<IReadOnlyList<BenchResult>> RunAsync(IProgress<string> progress, CancellationToken cancellationToken)
    {
        using var directory = new ScratchDirectory("bench");
        var config = directory.Path("node.conf");
        await File.WriteAllTextAsync(config, "akka.loglevel = OFF", cancellationToken).ConfigureAwait(false);
        var nodes = new List<ServiceNode>();
        var starts = new List<double>();
        try
        {
            for (var node = 0; node < sizes.Nodes; node++)
            {
                var store = directory.Path($"node-{node}");
                await PutAsync(directory.Root, store, cancellationToken).ConfigureAwait(false);
                nodes.Add(new ServiceNode(store, config));
                var start = await nodes[^1].StartAsync(nodes.SkipLast(1), cancellationToken).ConfigureAwait(false);
                starts.Add(start.TotalMilliseconds);
            }

            var outside = await OutsideClient.ConnectAsync(
                nodes.Select(node => node.Contact), NodeProcess.DefaultFrame, cancellationToken).ConfigureAwait(false);
            await using (outside.ConfigureAwait(false))
            {
                var version = await Interleaved.MillisecondsAsync(() => VersionAsync(cancellationToken)).ConfigureAwait(false);
                return
                [
                    BenchResult.OfCost(
                        "start of a node until it is ready", $"{sizes.Nodes} nodes", "ms", new Samples(starts),
                        "the command line's version", new Samples([version])),
                    .. await MeasureAsync(outside.Client, nodes, progress, cancellationToken).ConfigureAwait(false),
                ];
            }
        }
        finally
        {
            foreach (var node in nodes)
            {
                await node.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>A process that prints its version: the start of .NET.</summary>
    private static async Task VersionAsync(CancellationToken cancellationToken)
    {
        using var process = OwnExecutable.Start(["--version"]);
        await process.StandardOutput.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
        await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
    }

    private static async Task PutAsync(string folder, string directory, CancellationToken cancellationToken)
    {
        using var store = ObjectStore.Open(new ObjectStoreOptions { Directory = directory });
        using var runtime = new TorchRuntime(store, BuiltInModels.AddTo(new ModelCatalog()));
        await FleetModels.PutAsync(runtime, folder, 0, Width, cancellationToken).ConfigureAwait(false);
    }

    private async Task<IReadOnlyList<BenchResult>> MeasureAsync(
        ClusterClient client, List<ServiceNode> nodes, IProgress<string> progress, CancellationToken cancellationToken)
    {
        NamedTensor[] input = [new("x", HostTensor.From<float>(DType.Float32, new float[Width], 1, Width))];
        var model = await KnownModel.FindAsync(client, FleetModels.Name(0), cancellationToken).ConfigureAwait(false);
        (await model.CallAsync("", input, null, cancellationToken).ConfigureAwait(false)).Dispose();
        var calls = new SteadyCalls(model, input, sizes.Rate);
        var quiet = await PlayAsync(
            "and nothing happens", () => Task.Delay(sizes.Nodes * sizes.Pause, cancellationToken)).ConfigureAwait(false);
        var killed = await PlayAsync(
            "while nodes are killed", () => RestartAsync(node => node.KillAsync(cancellationToken))).ConfigureAwait(false);
        var stopped = await PlayAsync(
            "in a rolling restart", () => RestartAsync(node => node.StopAsync(cancellationToken))).ConfigureAwait(false);
        return
        [
            Gap("gap of answers behind a kill", killed), Count("failed calls, kills", killed.Failed, quiet.Failed),
            Count("lost calls, kills", killed.Lost, quiet.Lost), Gap("gap of answers in a rolling restart", stopped),
            Count("failed calls, rolling restart", stopped.Failed, quiet.Failed),
            Count("lost calls, rolling restart", stopped.Lost, quiet.Lost),
        ];

        async Task<CallTally> PlayAsync(string how, Func<Task> whatHappens)
        {
            progress.Report($"restarts: {sizes.Rate} calls/s {how}");
            var tally = await calls.DuringAsync(whatHappens, cancellationToken).ConfigureAwait(false);
            progress.Report($"restarts: {tally}");
            return tally;
        }

        async Task RestartAsync(Func<ServiceNode, Task> end)
        {
            foreach (var node in nodes)
            {
                await Task.Delay(sizes.Pause, cancellationToken).ConfigureAwait(false);
                await end(node).ConfigureAwait(false);
                await node.StartAsync(nodes.Where(other => other != node), cancellationToken).ConfigureAwait(false);
            }

            await Task.Delay(sizes.Pause, cancellationToken).ConfigureAwait(false);
        }

        BenchResult Gap(string name, CallTally tally) => BenchResult.OfCost(
            name, $"{sizes.Rate} calls/s", "ms", new Samples([tally.Gap.TotalMilliseconds]), "nothing happens",
            new Samples([quiet.Gap.TotalMilliseconds]));

        BenchResult Count(string name, int count, int baseline) => BenchResult.OfCost(
            name, $"{sizes.Rate} calls/s", "calls", new Samples([count]), "nothing happens", new Samples([baseline]));
    }
}
