using ZeroCopy.Bench.Measuring;
using ZeroCopy.Store;
using ZeroCopy.Torch.Modules;

namespace ZeroCopy.Bench.Suites.Scale;

/// <summary>
/// How a put, a load and a start grow: with a model's bytes at a fixed number of tensors, with its tensors at fixed bytes, and with the
/// number of other models in the store.
/// </summary>
internal sealed class ModelScale(ScaleRun run)
{
    // The module, its file, its blocks, and one more of them while it is loaded or put.
    private const int Copies = 4;

    private static readonly LinearStackConfiguration Guest = LinearStackConfiguration.OfSize(kibibytes: 1024, tensors: 16);

    public async Task<IReadOnlyList<BenchResult>> MeasureAsync()
    {
        var sizes = run.Sizes;

        // Once for nothing: the first pass runs code that is not compiled yet.
        await MeasureAsync(ScaleAxis.Bytes, Guest.Bytes / 1024.0 / 1024, Guest).ConfigureAwait(false);
        var results = new List<BenchResult>();
        foreach (var size in sizes.Kibibytes)
        {
            var model = LinearStackConfiguration.OfSize(size, sizes.TensorsOfBytes);
            results.AddRange(await MeasureAsync(ScaleAxis.Bytes, size / 1024.0, model).ConfigureAwait(false));
        }

        foreach (var tensors in sizes.Tensors)
        {
            var model = LinearStackConfiguration.OfSize(sizes.KibibytesOfTensors, tensors);
            results.AddRange(await MeasureAsync(ScaleAxis.Tensors, tensors, model).ConfigureAwait(false));
        }

        foreach (var models in sizes.Models)
        {
            results.AddRange(await MeasureAsync(ScaleAxis.Models, models, Guest, models).ConfigureAwait(false));
        }

        return results;
    }

    private async Task<IEnumerable<BenchResult>> MeasureAsync(ScaleAxis axis, double at, LinearStackConfiguration model, int others = 0)
    {
        if (!run.HasRoom(axis.Subject(at), (Copies * model.Bytes) + (others * OtherModels.BytesOfOne)))
        {
            return [];
        }

        run.Progress.Report($"scale: put, load and start, {axis.Subject(at)}");
        var (file, folder) = (run.Directory.Path("model.dat"), run.Directory.Path("model"));
        try
        {
            using var store = ObjectStore.Open(new ObjectStoreOptions { Directory = folder });
            await OtherModels.PutAsync(store, others, run.Cancelled).ConfigureAwait(false);
            var module = new LinearStack(model);
            module.save(file);
            var (put, handle) = await PutTimes.MeasureAsync(run, store, module, model).ConfigureAwait(false);
            ModuleDisposal.Release(module);
            var load = LoadTimes.Measure(run, store, handle, model, file);
            var start = await StartTimes.MeasureAsync(run, folder).ConfigureAwait(false);
            return axis.Results(at, put, load, start);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
            File.Delete(file);
        }
    }
}
