using System.Text.Json;
using ZeroCopy.Bench.Measuring;
using ZeroCopy.Bench.Workers;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Torch;
using ZeroCopy.Torch.Models.Bert;
using ZeroCopy.Torch.Modules;

namespace ZeroCopy.Bench.Suites.Scale;

/// <summary>
/// How memory and time grow with the instances of a model in one process, each of which has answered once: over shared blocks, and with a
/// private copy each. Memory is PSS above the same process before, with every page of the blocks mapped and counted to the one process.
/// </summary>
internal sealed class InstanceScale(ScaleRun run)
{
    public async Task<IReadOnlyList<BenchResult>> MeasureAsync()
    {
        if (!ProcessMemory.IsSupported)
        {
            run.Progress.Report(
                "scale: instances are left out: memory of processes is read from /proc/PID/smaps_rollup, which this system does not have");
            return [];
        }

        var (file, folder) = (run.Directory.Path("instances.dat"), run.Directory.Path("instances"));
        var model = await PrepareAsync(file, folder).ConfigureAwait(false);

        // The file, the blocks, and a private copy each.
        var counts = run.Sizes.Instances.TakeWhile(
            count => run.HasRoom(ScaleAxis.Instances.Subject(count), model.Bytes * (count + 2L))).ToArray();
        var points = counts.Select(_ => new Point([], [], [], [])).ToArray();
        for (var round = 1; round <= run.Sizes.LongRounds; round++)
        {
            run.Progress.Report($"scale: memory of instances, round {round} of {run.Sizes.LongRounds}");
            await GrowAsync(model, file, folder, counts, points).ConfigureAwait(false);
        }

        return
        [
            .. counts.Zip(points).SelectMany(pair => new[]
            {
                ScaleAxis.Instances.Result(
                    "memory",
                    pair.First,
                    "MiB",
                    (new Samples(pair.Second.Memory), new Samples(pair.Second.PrivateMemory)),
                    "private copies"),
                ScaleAxis.Instances.Result(
                    "ready", pair.First, "ms", (new Samples(pair.Second.Time), new Samples(pair.Second.PrivateTime)), "private copies"),
            }),
        ];
    }

    private async Task<ModelHandle> PrepareAsync(string file, string folder)
    {
        using var store = ObjectStore.Open(new ObjectStoreOptions { Directory = folder });
        using var runtime = new TorchRuntime(store);
        var module = new BertModel(run.Sizes.Instance);
        module.save(file);
        var recipe = new Recipe.Catalog(BertModel.CatalogKey, JsonSerializer.Serialize(run.Sizes.Instance));
        var handle = await runtime.PutAsync(
            module, new PutModuleOptions { Recipe = recipe }, cancellationToken: run.Cancelled).ConfigureAwait(false);
        ModuleDisposal.Release(module);
        return handle;
    }

    // Both at each point, in turn, in two processes that live side by side.
    private async Task GrowAsync(ModelHandle model, string file, string folder, int[] counts, Point[] points)
    {
        var configuration = JsonSerializer.Serialize(run.Sizes.Instance);
        var copies = await GrowingProcess.StartAsync(
            count => WorkerVerbs.Copies.With(file, $"{count}", configuration), run.Cancelled).ConfigureAwait(false);
        await using (copies.ConfigureAwait(false))
        {
            var shared = await GrowingProcess.StartAsync(
                count => ScaleVerbs.Instances.With($"{model.Id}", $"{count}"), run.Cancelled,
                WorkerVerbs.Open.With(folder, WorkerVerbs.Prefault)).ConfigureAwait(false);
            await using (shared.ConfigureAwait(false))
            {
                foreach (var (count, point) in counts.Zip(points))
                {
                    point.AddPrivate(await copies.GrowToAsync(count, run.Cancelled).ConfigureAwait(false));
                    point.Add(await shared.GrowToAsync(count, run.Cancelled).ConfigureAwait(false));
                }
            }
        }
    }

    private sealed record Point(List<double> Memory, List<double> PrivateMemory, List<double> Time, List<double> PrivateTime)
    {
        public void Add((double Memory, double Time) cost)
        {
            Memory.Add(cost.Memory);
            Time.Add(cost.Time);
        }

        public void AddPrivate((double Memory, double Time) cost)
        {
            PrivateMemory.Add(cost.Memory);
            PrivateTime.Add(cost.Time);
        }
    }
}
