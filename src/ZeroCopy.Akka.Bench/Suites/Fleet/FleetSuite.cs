using System.Globalization;
using ZeroCopy.Bench.Measuring;
using ZeroCopy.Bench.Suites.Remote;
using ZeroCopy.Bench.Workers;
using ZeroCopy.Clustering.Clients;
using ZeroCopy.Endpoints;
using ZeroCopy.Tensors;

namespace ZeroCopy.Bench.Suites.Fleet;

/// <summary>
/// Very many small models on few nodes, called by a client outside of the cluster: a few often, most of them seldom (Zipf). Each is loaded
/// by its first call. The client is on the same processors.
/// </summary>
internal sealed class FleetSuite(FleetSizes sizes) : IBenchSuite
{
    private const int Copies = 100;

    public string Name => "fleet";

    public string Description => "thousands of small models on few nodes: time of a call, memory of a model that is loaded or idle";

    public IReadOnlyList<WorkerVerb> Verbs => [FleetModels.Put, FleetModels.Idle, FleetModels.Copies];

    public async Task<IReadOnlyList<BenchResult>> RunAsync(IProgress<string> progress, CancellationToken cancellationToken)
    {
        using var directory = new ScratchDirectory("bench");
        var nodes = new List<NodeProcess>();
        try
        {
            // Idle when the calls have ended, and not before.
            var hocon = NodeProcess.Hocon("cluster") + string.Create(
                CultureInfo.InvariantCulture, $"zerocopy.inference.idle-timeout = {sizes.Seconds + 1:F1}s");
            progress.Report($"fleet: {sizes.Models} models into the stores of {sizes.Nodes} nodes");
            for (var node = 0; node < sizes.Nodes; node++)
            {
                var folder = directory.Path($"node-{node}");
                Directory.CreateDirectory(folder);
                var put = FleetModels.Put.With($"{node}", $"{sizes.Nodes}", $"{sizes.Models}", $"{sizes.Width}");
                nodes.Add(await NodeProcess.StartAsync(
                    folder, hocon, put, nodes.FirstOrDefault()?.Address, cancellationToken).ConfigureAwait(false));
            }

            var outside = await OutsideClient.ConnectAsync(
                nodes.Select(node => node.Address), NodeProcess.DefaultFrame, cancellationToken).ConfigureAwait(false);
            await using (outside.ConfigureAwait(false))
            {
                return await MeasureAsync(outside.Client, nodes, directory, progress, cancellationToken).ConfigureAwait(false);
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

    private async Task<IReadOnlyList<BenchResult>> MeasureAsync(
        ClusterClient client, List<NodeProcess> nodes, ScratchDirectory directory, IProgress<string> progress,
        CancellationToken cancellationToken)
    {
        NamedTensor[] input = [new("x", HostTensor.From<float>(DType.Float32, new float[sizes.Width], 1, sizes.Width))];
        var calls = (int)(sizes.Seconds * sizes.Rate);
        var models = new List<IModelEndpoint>();
        for (var model = 0; model < sizes.Models; model++)
        {
            models.Add(await KnownModel.FindAsync(client, FleetModels.Name(model), cancellationToken).ConfigureAwait(false));
        }

        progress.Report($"fleet: {sizes.Rate} calls/s of one model for {sizes.Seconds} s");
        using (await models[0].CallAsync("", input, null, cancellationToken).ConfigureAwait(false))
        {
            // Loaded, also where that takes longer than all the calls.
        }

        var one = new FleetCalls([models[0]], input);
        one.Know(0);
        var (alone, _) = await one.PlayAsync(new int[calls], sizes.Rate, cancellationToken).ConfigureAwait(false);
        Report(one, alone, "of one model");
        var before = await AnonymousAsync(nodes.Select(node => node.Process), cancellationToken).ConfigureAwait(false);
        progress.Report($"fleet: {sizes.Rate} calls/s of all models for {sizes.Seconds} s");
        var all = new FleetCalls(models, input);
        all.Know(0);
        var trace = ZipfTrace.Of(calls, sizes.Models, sizes.Exponent);
        var (warm, first) = await all.PlayAsync(trace, sizes.Rate, cancellationToken).ConfigureAwait(false);
        Report(all, warm, "of warm models");
        Report(all, first, "of models that had not answered before");
        var after = await AnonymousAsync(nodes.Select(node => node.Process), cancellationToken).ConfigureAwait(false);
        var loaded = trace.Distinct().Count();
        progress.Report($"fleet: {loaded} models have answered; until they have been idle for too long");
        foreach (var node in nodes)
        {
            await node.Process.AskAsync(FleetModels.Idle.With(), cancellationToken).ConfigureAwait(false);
        }

        var idle = await AnonymousAsync(nodes.Select(node => node.Process), cancellationToken).ConfigureAwait(false);
        progress.Report("fleet: memory of scripts that a program loads itself");
        var copy = await CopyAsync(directory, cancellationToken).ConfigureAwait(false);
        var subject = string.Create(CultureInfo.InvariantCulture, $"{sizes.Models} models");
        return
        [
            BenchResult.OfCost("p99 of a warm call", subject, "ms", Of(warm, 99), "calls of one model", Of(alone, 99)),
            OfMemory("memory of a loaded model", after),
            OfMemory("memory of an idle model", idle),
        ];

        BenchResult OfMemory(string name, long bytes) => BenchResult.OfCost(
            name, subject, "KiB", new Samples([(bytes - before) / 1024.0 / loaded]),
            "a script that a program loads", new Samples([copy / 1024.0]));

        void Report(FleetCalls played, double[] times, string which) => progress.Report(string.Create(
            CultureInfo.InvariantCulture,
            $"fleet: {times.Length} calls {which}: p50 {Of(times, 50).Median:N1} ms, p99 {Of(times, 99).Median:N1} ms; lost: "
            + $"{(played.Lost.Count == 0 ? "none" : string.Join(", ", played.Lost.Select(lost => $"{lost.Value} {lost.Key}")))}"));
    }

    private static Samples Of(double[] times, double percentile) => new([new Samples(times).Percentile(percentile)]);

    /// <summary>Bytes that a script costs which is loaded without the product.</summary>
    private async Task<double> CopyAsync(ScratchDirectory directory, CancellationToken cancellationToken)
    {
        var process = WorkerProcess.Start();
        await using (process.ConfigureAwait(false))
        {
            await process.AskAsync(FleetModels.Copies.With(directory.Root, "1", $"{sizes.Width}"), cancellationToken).ConfigureAwait(false);
            var before = await AnonymousAsync([process], cancellationToken).ConfigureAwait(false);
            await process.AskAsync(FleetModels.Copies.With(directory.Root, $"{Copies}", $"{sizes.Width}"), cancellationToken)
                .ConfigureAwait(false);
            return (double)(await AnonymousAsync([process], cancellationToken).ConfigureAwait(false) - before) / Copies;
        }
    }

    /// <summary>Bytes that belong to processes alone and to no file, behind a collection: not the weights in a store.</summary>
    private static async Task<long> AnonymousAsync(IEnumerable<WorkerProcess> processes, CancellationToken cancellationToken)
    {
        var sum = 0L;
        foreach (var process in processes)
        {
            await process.AskAsync(WorkerVerbs.Collect.With(), cancellationToken).ConfigureAwait(false);
            sum += ProcessMemory.Of(process.Id).Anonymous;
        }

        return sum;
    }
}
