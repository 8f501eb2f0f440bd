using ZeroCopy.Bench.Measuring;
using ZeroCopy.Bench.Models;
using ZeroCopy.Bench.Workers;
using ZeroCopy.Content;
using ZeroCopy.Manifests;
using ZeroCopy.Store;

namespace ZeroCopy.Bench.Suites.Transfer;

/// <summary>
/// Models on their way from store to store over loopback: one to one node, against sockets that copy the same bytes into a file and hash
/// them; one to several nodes; and BERT-base until it answers.
/// </summary>
internal sealed class TransferSuite : IBenchSuite
{
    private const int Rounds = 5;
    private const int TensorCount = 256;
    private const int TensorBytes = 4 << 20;
    private const double MiB = (double)TensorCount * TensorBytes / (1 << 20);

    public string Name => "transfer";

    public string Description => "models from store to store over loopback, against sockets that copy into a file and hash";

    public IReadOnlyList<WorkerVerb> Verbs => BertTransfer.Verbs;

    public async Task<IReadOnlyList<BenchResult>> RunAsync(IProgress<string> progress, CancellationToken cancellationToken)
    {
        using var directory = new ScratchDirectory("bench");
        return
        [
            .. await MoveAsync(directory, progress, cancellationToken).ConfigureAwait(false),
            .. await new BertTransfer(directory).RunAsync(progress, cancellationToken).ConfigureAwait(false),
        ];
    }

    private static async Task<IReadOnlyList<BenchResult>> MoveAsync(
        ScratchDirectory directory, IProgress<string> progress, CancellationToken cancellationToken)
    {
        var tensors = Enumerable.Range(0, TensorCount).Select(index => new RandomTensorSource(index, TensorBytes)).ToArray();
        using var store = ObjectStore.Open(new ObjectStoreOptions { Directory = directory.Path("source") });
        progress.Report($"transfer: {Rounds} rounds of {MiB:N0} MiB in {TensorCount} tensors");
        var model = await store.PutAsync(
            new ModelContent { Tensors = tensors, Recipe = new Recipe.Weights("bench", "") }, cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        var source = await TransferNode.StartAsync(store, cancellationToken: cancellationToken).ConfigureAwait(false);
        await using (source.ConfigureAwait(false))
        {
            var (value, baseline) = await Interleaved.SampleAsync(
                Rounds,
                () => ReceiveAsync(directory, source, model.Id, cancellationToken),
                async () =>
                {
                    var copy = SocketCopy.RunAsync([.. tensors.Select(tensor => tensor.Memory)], directory, cancellationToken);
                    return MiB / (await copy.ConfigureAwait(false)).TotalSeconds;
                },
                cancellationToken).ConfigureAwait(false);
            return
            [
                BenchResult.OfRate("transfer", $"{MiB:N0} MiB", "MiB/s", value, SocketCopy.Name, baseline),
                .. await new SpreadTransfer(directory, store, model).RunAsync(progress, cancellationToken).ConfigureAwait(false),
            ];
        }
    }

    private static async Task<double> ReceiveAsync(
        ScratchDirectory directory, TransferNode source, ModelId model, CancellationToken cancellationToken)
    {
        var target = await TransferNode.StartAsync(directory, "target", cancellationToken: cancellationToken).ConfigureAwait(false);
        await using (target.ConfigureAwait(false))
        {
            var (_, time) = await target.ReceiveAsync(model, source, isPeer: false, cancellationToken).ConfigureAwait(false);
            target.Store.Remove(model);
            return MiB / time.TotalSeconds;
        }
    }
}
