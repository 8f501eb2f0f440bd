using System.Globalization;
using ZeroCopy.Bench.Measuring;
using ZeroCopy.Bench.Workers;

namespace ZeroCopy.Bench.Suites.Memory;

/// <summary>
/// What models cost in memory, by processes of their own, measured from outside. Megabytes are those of <c>/proc</c>, 2^20 bytes.
/// </summary>
internal sealed class MemorySuite : IBenchSuite
{
    private const int Rounds = 3;
    private const int Processes = 4;
    private const int Instances = 2;
    private const int FurtherActors = 32;
    private const int ActorsBefore = 64;
    private const int ScriptActors = 4;
    private const double Megabyte = 1 << 20;

    private readonly Dictionary<string, (List<double> Value, List<double> Baseline)> _samples = [];

    public string Name => "memory";

    public string Description => "memory of processes that share BERT-base, against private copies";

    public IReadOnlyList<WorkerVerb> Verbs => MemoryVerbs.All;

    public async Task<IReadOnlyList<BenchResult>> RunAsync(IProgress<string> progress, CancellationToken cancellationToken)
    {
        if (!ProcessMemory.IsSupported)
        {
            throw new PlatformNotSupportedException(
                "Memory of processes is read from /proc/PID/smaps_rollup, which this system does not have.");
        }

        using var directory = new ScratchDirectory("bench");
        var models = await PreparedModels.MakeAsync(directory, progress, cancellationToken).ConfigureAwait(false);
        for (var round = 1; round <= Rounds; round++)
        {
            progress.Report($"memory: round {round} of {Rounds}");
            await ProcessesAsync(models, cancellationToken).ConfigureAwait(false);
            await ScriptAsync(models, cancellationToken).ConfigureAwait(false);
            await PutsAsync(models, directory, round, cancellationToken).ConfigureAwait(false);
        }

        progress.Report("memory: four checkpoints, each under three names");
        await TwelveModelsAsync(models, directory.Path("twelve"), cancellationToken).ConfigureAwait(false);
        return
        [
            Result("pss", "bert", "models", "private copies"),
            Result("actor", "bert", "MB", "private copy"),
            Result("script", "bert.pt", "models", "loads by libtorch"),
            Result("empty", $"{Processes} processes", "MB", "TorchSharp alone"),
            Result("put-peak", "bert.safetensors", "models", "construct and load"),
            Result("put-peak", "bert.dat", "models", "construct and load"),
            Result("put-peak", "bert.pt", "models", "construct and load"),
            Result("store", "4 models x 3 names", "models", "a copy for each name"),
        ];
    }

    private async Task ProcessesAsync(PreparedModels models, CancellationToken cancellationToken)
    {
        var open = WorkerVerbs.Open.With(models.Store);
        double bare = await WorkerGroup.MeasureAsync(Processes, cancellationToken).ConfigureAwait(false);
        double empty = await WorkerGroup.MeasureAsync(Processes, cancellationToken, open).ConfigureAwait(false);
        Add("empty", $"{Processes} processes", empty / Megabyte, bare / Megabyte);

        var pool = WorkerVerbs.Pool.With(models.Bert, $"{Instances}");
        var (shared, actor) = await GrowAsync(
            [open, pool],
            pool with { Arguments = [models.Bert, $"{ActorsBefore}"] },
            pool with { Arguments = [models.Bert, $"{FurtherActors}"] },
            FurtherActors, cancellationToken).ConfigureAwait(false);
        var load = WorkerVerbs.Copies.With(models.DatFile, $"{Instances}");
        var (copies, copy) = await GrowAsync(
            [load],
            WorkerVerbs.Collect.With(),
            load with { Arguments = [models.DatFile, "1"] },
            1,
            cancellationToken).ConfigureAwait(false);
        Add("pss", "bert", (shared - empty) / models.Bytes, (copies - bare) / models.Bytes);
        Add("actor", "bert", actor / Megabyte, copy / Megabyte);
    }

    /// <summary>
    /// PSS of all processes after some steps, and what each of several further instances adds to the private memory of one, once
    /// <paramref name="before"/> has given it what any process needs that is called often (optimised code, the allocator's reserves); in
    /// bytes.
    /// </summary>
    private static async Task<(double Proportional, double Further)> GrowAsync(
        WorkerStep[] steps, WorkerStep before, WorkerStep further, int count, CancellationToken cancellationToken)
    {
        var group = await WorkerGroup.StartAsync(Processes, cancellationToken, steps).ConfigureAwait(false);
        await using (group.ConfigureAwait(false))
        {
            var all = group.Proportional();
            await group.First.AskAsync(before, cancellationToken).ConfigureAwait(false);
            await group.First.AskAsync(WorkerVerbs.Collect.With(), cancellationToken).ConfigureAwait(false);
            var grown = await GrowthAsync(group.First, further, memory => memory.PrivateDirty, cancellationToken).ConfigureAwait(false);
            return (all, (double)grown / count);
        }
    }

    private async Task ScriptAsync(PreparedModels models, CancellationToken cancellationToken)
    {
        var shared = await AloneAsync(WorkerVerbs.Open.With(models.Store), WorkerVerbs.Pool.With(models.Script, $"{ScriptActors}"))
            .ConfigureAwait(false);
        var copies = await AloneAsync(null, MemoryVerbs.ScriptCopies.With(models.ScriptFile, $"{ScriptActors}")).ConfigureAwait(false);
        Add("script", "bert.pt", shared / models.Bytes, copies / models.Bytes);

        async Task<double> AloneAsync(WorkerStep? open, WorkerStep load)
        {
            var group = await WorkerGroup.StartAsync(1, cancellationToken, open is null ? [] : [open]).ConfigureAwait(false);
            await using (group.ConfigureAwait(false))
            {
                return await GrowthAsync(group.First, load, memory => memory.Proportional, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task PutsAsync(PreparedModels models, ScratchDirectory directory, int round, CancellationToken cancellationToken)
    {
        var load = await PeakAsync(WorkerVerbs.Copies.With(models.DatFile, "1")).ConfigureAwait(false);
        foreach (var file in models.Files)
        {
            // A store of its own: what is put is not there yet.
            var store = directory.Path($"put-{round}-{Path.GetFileName(file)}");
            var put = await PeakAsync(WorkerVerbs.Open.With(store), MemoryVerbs.Put.With(file)).ConfigureAwait(false);
            Directory.Delete(store, recursive: true);
            Add("put-peak", Path.GetFileName(file), put / models.Bytes, load / models.Bytes);
        }

        async Task<double> PeakAsync(params WorkerStep[] steps)
        {
            var group = await WorkerGroup.StartAsync(1, cancellationToken, steps).ConfigureAwait(false);
            await using (group.ConfigureAwait(false))
            {
                return ProcessMemory.PeakOf(group.First.Id);
            }
        }
    }

    private async Task TwelveModelsAsync(PreparedModels models, string store, CancellationToken cancellationToken)
    {
        var group = await WorkerGroup.StartAsync(1, cancellationToken, WorkerVerbs.Open.With(store)).ConfigureAwait(false);
        await using (group.ConfigureAwait(false))
        {
            var words = (await group.First.AskAsync(MemoryVerbs.Twelve.With(), cancellationToken).ConfigureAwait(false)).Split(' ');
            var bytes = words.Select(word => double.Parse(word, CultureInfo.InvariantCulture)).ToArray();
            Add("store", "4 models x 3 names", bytes[0] / models.Bytes, bytes[1] / models.Bytes);
        }
    }

    private static async Task<long> GrowthAsync(
        WorkerProcess worker, WorkerStep step, Func<ProcessMemory, long> measure, CancellationToken cancellationToken)
    {
        var before = measure(ProcessMemory.Of(worker.Id));
        await worker.AskAsync(step, cancellationToken).ConfigureAwait(false);
        await worker.AskAsync(WorkerVerbs.Collect.With(), cancellationToken).ConfigureAwait(false);
        return measure(ProcessMemory.Of(worker.Id)) - before;
    }

    private void Add(string name, string subject, double value, double baseline)
    {
        var key = $"{name} {subject}";
        _samples.TryAdd(key, ([], []));
        _samples[key].Value.Add(value);
        _samples[key].Baseline.Add(baseline);
    }

    private BenchResult Result(string name, string subject, string unit, string baseline)
    {
        var (value, other) = _samples[$"{name} {subject}"];
        return BenchResult.OfCost(name, subject, unit, new Samples(value), baseline, new Samples(other));
    }
}
