using System.Diagnostics;
using ZeroCopy.Bench.Measuring;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Torch;
using static TorchSharp.torch;

namespace ZeroCopy.Bench.Suites.Scale;

/// <summary>
/// Times of putting a live module into a store that lacks it, against one thread that writes its bytes to a file; in milliseconds.
/// </summary>
internal static class PutTimes
{
    /// <summary>The module is removed again before each put; after the last it stays, under the handle.</summary>
    public static async Task<((Samples Value, Samples Baseline) Times, ModelHandle Handle)> MeasureAsync(
        ScaleRun run, ObjectStore store, LinearStack module, LinearStackConfiguration model)
    {
        using var runtime = new TorchRuntime(store);
        var options = new PutModuleOptions { Recipe = LinearStack.RecipeOf(model) };
        ModelHandle? handle = null;
        var file = run.Directory.Path("baseline.bin");
        var times = await Interleaved.SampleAsync(
            run.RoundsOf(model.Bytes), PutAsync, () => Task.FromResult(Write(module, file)), run.Cancelled).ConfigureAwait(false);
        return (times, handle!);

        async Task<double> PutAsync()
        {
            if (handle is not null)
            {
                store.Remove(handle.Id);
            }

            var start = Stopwatch.GetTimestamp();
            handle = await runtime.PutAsync(module, options, cancellationToken: run.Cancelled).ConfigureAwait(false);
            return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }
    }

    private static double Write(nn.Module module, string path)
    {
        var start = Stopwatch.GetTimestamp();
        using (var file = File.OpenHandle(path, FileMode.Create, FileAccess.Write))
        {
            var offset = 0L;
            foreach (var parameter in module.parameters())
            {
                var bytes = parameter.bytes;
                RandomAccess.Write(file, bytes, offset);
                offset += bytes.Length;
            }
        }

        var elapsed = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        File.Delete(path);
        return elapsed;
    }
}
