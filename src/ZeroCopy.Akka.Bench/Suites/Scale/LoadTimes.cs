using System.Diagnostics;
using ZeroCopy.Bench.Measuring;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Torch;
using ZeroCopy.Torch.Modules;

namespace ZeroCopy.Bench.Suites.Scale;

/// <summary>
/// Times of loading a model from the store, against constructing it and loading its file; in milliseconds. Nothing is released within the
/// times: a process that loads a model keeps it.
/// </summary>
/// <param name="First">The first instance of a runtime, which maps the blocks.</param>
/// <param name="Further">Further instances.</param>
/// <param name="Baseline">Constructing and loading.</param>
internal sealed record LoadTimes(Samples First, Samples Further, Samples Baseline)
{
    private const int FurtherInstances = 5;

    /// <summary>Measures a model that lies in a store and in a file.</summary>
    public static LoadTimes Measure(ScaleRun run, ObjectStore store, ModelHandle handle, LinearStackConfiguration model, string file)
    {
        List<double> first = [], further = [], baseline = [];
        for (var round = 0; round < run.RoundsOf(model.Bytes); round++)
        {
            run.Cancelled.ThrowIfCancellationRequested();
            Time(baseline, () => LinearStack.Load(model, file));

            // Of a runtime of its own, so that it is the first; the mapping goes with it.
            using var runtime = new TorchRuntime(store, LinearStack.Catalog());
            Time(first, () => runtime.Open<LinearStack>(handle).Materialise());
            for (var instance = 0; instance < FurtherInstances; instance++)
            {
                Time(further, () => runtime.Open<LinearStack>(handle).Materialise());
            }
        }

        return new LoadTimes(new Samples(first), new Samples(further), new Samples(baseline));
    }

    private static void Time(List<double> milliseconds, Func<LinearStack> load)
    {
        var start = Stopwatch.GetTimestamp();
        var module = load();
        milliseconds.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        ModuleDisposal.Release(module);
    }
}
