using ZeroCopy.Manifests;
using ZeroCopy.Torch;
using ZeroCopy.Torch.Instances;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Views;
using static TorchSharp.torch;

namespace ZeroCopy.Node.Demo.Digits;

/// <summary>
/// The part of the demo on handwritten digits: a classifier and a pipeline, as tasks and through a pool, against direct calls.
/// </summary>
internal sealed class DigitDemo(ZeroCopyHost host, DigitClassifier direct, DemoReport report, Action<string> step)
{
    private const int PoolSize = 4;
    private const int BatchRows = 16;
    private const int TaskCalls = 32;

    private readonly DigitData _heldOut = DigitData.HeldOut();

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        step("put the digits classifier, and the same weights as a pipeline of two models");
        var wrapper = await ModelWrapper.FromModelAsync<nn.Module<Tensor, Tensor>>(
            direct,
            WrapMode.Task,
            host: host,
            name: new ModelName("demo-digits"),
            cancellationToken: cancellationToken).ConfigureAwait(false);
        var before = host.Store.GetStatistics().LiveBytes;
        var pipeline = await ModelWrapper.FromModelAsync(
            new DigitPipeline(direct.Encoder, direct.Head),
            host: host,
            name: new ModelName("demo-pipeline"),
            cancellationToken: cancellationToken).ConfigureAwait(false);
        var added = host.Store.GetStatistics().LiveBytes - before;
        report.Check("a pipeline of the same weights takes no room", added == 0, $"{added} bytes more in the store");

        step($"{TaskCalls} task calls at once");
        await CallTasksAsync(wrapper.Load(), cancellationToken).ConfigureAwait(false);

        step($"a pool of {PoolSize} actors over {_heldOut.Count} held-out digits");
        await CallPoolAsync(wrapper.ModelReferences.Values.Single(), cancellationToken).ConfigureAwait(false);

        step("the pipeline, loaded around the shared weights");
        CallPipeline(pipeline.Load());
    }

    private async Task CallTasksAsync(nn.Module<Tensor, Tensor> tasks, CancellationToken cancellationToken)
    {
        var images = Enumerable.Range(0, TaskCalls).Select(index => Images(index, 1)).ToArray();
        var answers = await Task.WhenAll(
            images.Select(image => tasks.CallAsync(image, cancellationToken: cancellationToken))).ConfigureAwait(false);
        var equal = images.Zip(answers).Count(pair => Equal(pair.First, pair.Second));
        report.Check("task calls", equal == TaskCalls, $"{equal} of {TaskCalls} bit-equal to direct calls");
        Dispose([.. images, .. answers]);
    }

    private async Task CallPoolAsync(ModelHandle model, CancellationToken cancellationToken)
    {
        var source = host.Runtime.Open<DigitClassifier>(
            model, new OpenOptions<DigitClassifier> { Factory = build => new DigitClassifier(build.Device) });
        var pool = await host.Actors.CreatePoolAsync(
            "demo-digits",
            source,
            (target, argument) => ((DigitClassifier)target).call((Tensor)argument!),
            configure: settings => settings with { Size = PoolSize, Batching = null }).ConfigureAwait(false);
        var starts = Enumerable.Range(0, (_heldOut.Count + BatchRows - 1) / BatchRows).Select(batch => batch * BatchRows).ToArray();
        var images = starts.Select(start => Images(start, Math.Min(BatchRows, _heldOut.Count - start))).ToArray();
        var calls = images.Select(batch => pool.CallAsync(batch, cancellationToken: cancellationToken));
        var answers = (await Task.WhenAll(calls).ConfigureAwait(false)).Cast<Tensor>().ToArray();
        await pool.DrainAsync().ConfigureAwait(false);

        var equal = images.Zip(answers).Count(pair => Equal(pair.First, pair.Second, pool.Settings.Threads));
        report.Check($"pool of {PoolSize}", equal == images.Length, $"{equal} of {images.Length} batches bit-equal to direct calls");
        var right = starts.Zip(answers).Sum(pair => Right(pair.Second, pair.First));
        var accuracy = (double)right / _heldOut.Count;
        var detail = FormattableString.Invariant($"{right} of {_heldOut.Count}, {accuracy:P1}");
        report.Check("accuracy on the held-out digits", accuracy >= 0.95, detail);
        Dispose([.. images, .. answers]);
    }

    private void CallPipeline(DigitPipeline loaded)
    {
        using var images = Images(0, BatchRows);
        using var guard = no_grad();
        using var scores = loaded.Scores(images);
        report.Check("pipeline of two models", Equal(images, scores), "bit-equal to the classifier as one");
        ModuleDisposal.Release(loaded.Encoder);
        ModuleDisposal.Release(loaded.Head);
    }

    private Tensor Images(int start, int rows) => _heldOut.Images(start, rows).ToTorch();

    /// <summary>
    /// Whether a direct call gives the same bits, with as many threads: among another number a sum is divided in another way, and its last
    /// bits differ.
    /// </summary>
    /// <param name="images">The input.</param>
    /// <param name="scores">The answer to it.</param>
    /// <param name="threads">Those that each operation had; null where they were not bounded.</param>
    private bool Equal(Tensor images, Tensor scores, int? threads = null)
    {
        using var guard = no_grad();
        if (threads is { } bound)
        {
            TorchThreads.Bound(bound);
        }

        try
        {
            using var expected = direct.call(images);
            return expected.bytes.SequenceEqual(scores.bytes);
        }
        finally
        {
            TorchThreads.Reset();
        }
    }

    private int Right(Tensor scores, int start)
    {
        using var digits = scores.argmax(1);
        var named = digits.data<long>().ToArray();
        return named.Where((digit, row) => digit == _heldOut.Labels[start + row]).Count();
    }

    private static void Dispose(Tensor[] tensors)
    {
        foreach (var tensor in tensors)
        {
            tensor.Dispose();
        }
    }
}
