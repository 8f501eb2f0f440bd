using System.Diagnostics;
using ZeroCopy.Bench.Measuring;
using ZeroCopy.Bench.Models;
using ZeroCopy.Content;
using ZeroCopy.Manifests;
using ZeroCopy.Store;

namespace ZeroCopy.Bench.Suites;

/// <summary>Bytes per second into an empty store, against one thread that writes the same bytes to a file beside it.</summary>
internal sealed class PutSuite : IBenchSuite
{
    private const int Rounds = 7;
    private const int TensorCount = 128;
    private const int TensorBytes = 4 << 20;

    public string Name => "put";

    public string Description => "bytes per second into the store, against one thread writing the same bytes to a file";

    public async Task<IReadOnlyList<BenchResult>> RunAsync(IProgress<string> progress, CancellationToken cancellationToken)
    {
        using var directory = new ScratchDirectory("bench");
        var tensors = Enumerable.Range(0, TensorCount).Select(index => new RandomTensorSource(index, TensorBytes)).ToArray();
        const double Total = (double)TensorCount * TensorBytes / (1 << 20);
        progress.Report($"put: {Rounds} rounds of {Total:N0} MiB in {TensorCount} tensors");

        var (value, baseline) = await Interleaved.SampleAsync(
            Rounds,
            () => PutAsync(directory, tensors, Total, cancellationToken),
            () => Task.FromResult(Write(directory, tensors, Total)),
            cancellationToken).ConfigureAwait(false);
        return [BenchResult.OfRate("put", $"{Total:N0} MiB", "MiB/s", value, "one thread writing a file", baseline)];
    }

    private static async Task<double> PutAsync(
        ScratchDirectory directory, RandomTensorSource[] tensors, double total, CancellationToken cancellationToken)
    {
        using var store = ObjectStore.Open(new ObjectStoreOptions { Directory = directory.Path("store") });
        var content = new ModelContent { Tensors = tensors, Recipe = new Recipe.Weights("bench", "") };
        var start = Stopwatch.GetTimestamp();
        var handle = await store.PutAsync(content, cancellationToken: cancellationToken).ConfigureAwait(false);
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        store.Remove(handle.Id);
        return total / seconds;
    }

    private static double Write(ScratchDirectory directory, RandomTensorSource[] tensors, double total)
    {
        var path = directory.Path("baseline.bin");
        var start = Stopwatch.GetTimestamp();
        using (var file = File.OpenHandle(path, FileMode.Create, FileAccess.Write))
        {
            var offset = 0L;
            foreach (var tensor in tensors)
            {
                RandomAccess.Write(file, tensor.Content, offset);
                offset += tensor.Content.Length;
            }
        }

        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        File.Delete(path);
        return total / seconds;
    }
}
