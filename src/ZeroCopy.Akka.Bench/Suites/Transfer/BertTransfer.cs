using System.Diagnostics;
using ZeroCopy.Bench.Measuring;
using ZeroCopy.Bench.Models;
using ZeroCopy.Bench.Workers;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Torch;
using ZeroCopy.Torch.Catalog;
using ZeroCopy.Torch.Models;
using ZeroCopy.Torch.Models.Bert;
using ZeroCopy.Torch.Modules;

namespace ZeroCopy.Bench.Suites.Transfer;

/// <summary>
/// BERT-base to where it is not: to another node until it has answered once, in processes that are warm; with another head to a node that
/// holds it; and to a second process on the host.
/// </summary>
internal sealed class BertTransfer(ScratchDirectory directory)
{
    private const int Rounds = 5;
    private const double MB = 1e6;
    private const int PieceBytes = 4 << 20;

    // ID: leases a model of the open store.
    private static readonly WorkerVerb Lease = WorkerVerb.Of("lease", (worker, arguments) =>
    {
        var lease = worker.Host.Store.Acquire(ModelId.Parse(arguments[0]), "bench");
        return lease.Handle.ToString();
    });

    /// <summary>What a worker process can be told.</summary>
    public static IReadOnlyList<WorkerVerb> Verbs { get; } = [Lease];

    public async Task<IReadOnlyList<BenchResult>> RunAsync(IProgress<string> progress, CancellationToken cancellationToken)
    {
        using var store = ObjectStore.Open(new ObjectStoreOptions { Directory = directory.Path("bert") });
        using var runtime = new TorchRuntime(store, BuiltInModels.AddTo(new ModelCatalog()));
        progress.Report($"transfer: putting BERT-base with {Rounds + 2} heads");
        var module = BenchModels.Bert();
        var file = directory.Path("bert.dat");
        module.save(file);
        var models = await PutHeadsAsync(runtime, module, cancellationToken).ConfigureAwait(false);
        ModuleDisposal.Release(module);
        var bytes = await File.ReadAllBytesAsync(file, cancellationToken).ConfigureAwait(false);
        var pieces = Enumerable.Range(0, (bytes.Length + PieceBytes - 1) / PieceBytes).Select(piece =>
            (ReadOnlyMemory<byte>)bytes.AsMemory(piece * PieceBytes, Math.Min(PieceBytes, bytes.Length - (piece * PieceBytes)))).ToArray();
        var source = await TransferNode.StartAsync(store, cancellationToken: cancellationToken).ConfigureAwait(false);
        await using (source.ConfigureAwait(false))
        {
            return
            [
                await AnswerAsync(source, models[0], pieces, progress, cancellationToken).ConfigureAwait(false),
                .. await HeadsAsync(source, models, pieces, progress, cancellationToken).ConfigureAwait(false),
                .. await SecondProcessAsync(store, models, file, progress, cancellationToken).ConfigureAwait(false),
            ];
        }
    }

    // The last layer alone differs, of 2.4 MB.
    private static async Task<List<ModelHandle>> PutHeadsAsync(
        TorchRuntime runtime, BertModel module, CancellationToken cancellationToken)
    {
        var recipe = new Recipe.Catalog(BertModel.CatalogKey, "{}");
        var head = module.named_parameters().Single(parameter => parameter.name == "pooler.dense.weight").parameter;
        var models = new List<ModelHandle>();
        for (var variant = 0; variant < Rounds + 2; variant++)
        {
            BenchModels.Fill(head, variant);
            models.Add(await runtime.PutAsync(module, new PutModuleOptions { Recipe = recipe }, cancellationToken: cancellationToken)
                .ConfigureAwait(false));
        }

        return models;
    }

    private async Task<BenchResult> AnswerAsync(
        TransferNode source, ModelHandle model, ReadOnlyMemory<byte>[] pieces, IProgress<string> progress,
        CancellationToken cancellationToken)
    {
        progress.Report($"transfer: {Rounds} rounds of BERT-base to another node, until it answers");
        using var tokens = BenchModels.Tokens(1);
        var (value, baseline) = await Interleaved.SampleAsync(
            Rounds,
            async () =>
            {
                var node = await TransferNode.StartAsync(directory, "bert-node", cancellationToken: cancellationToken)
                    .ConfigureAwait(false);
                await using (node.ConfigureAwait(false))
                {
                    using var runtime = new TorchRuntime(node.Store, BuiltInModels.AddTo(new ModelCatalog()));
                    var start = Stopwatch.GetTimestamp();
                    await node.ReceiveAsync(model.Id, source, isPeer: false, cancellationToken).ConfigureAwait(false);
                    using var instance = await runtime.Open<BertModel>(node.Store.Resolve(model.Id)).RentAsync(cancellationToken)
                        .ConfigureAwait(false);
                    BenchModels.Free(instance.Run(BenchModels.CallBert, tokens));
                    return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                }
            },
            async () =>
            {
                var path = directory.Path("copied.dat");
                var start = Stopwatch.GetTimestamp();
                await SocketCopy.RunAsync(pieces, path, cancellationToken).ConfigureAwait(false);
                var module = BenchModels.LoadBert(path);
                BenchModels.Direct(BenchModels.CallBert, module, tokens);
                var time = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                ModuleDisposal.Release(module);
                File.Delete(path);
                return time;
            },
            cancellationToken).ConfigureAwait(false);
        return BenchResult.OfCost("first-answer", "bert", "ms", value, $"{SocketCopy.Name}, constructed and loaded", baseline);
    }

    private async Task<IReadOnlyList<BenchResult>> HeadsAsync(
        TransferNode source, List<ModelHandle> models, ReadOnlyMemory<byte>[] pieces, IProgress<string> progress,
        CancellationToken cancellationToken)
    {
        progress.Report($"transfer: {Rounds} further heads of BERT-base to a node that holds it");
        var node = await TransferNode.StartAsync(directory, "bert-node", cancellationToken: cancellationToken).ConfigureAwait(false);
        await using (node.ConfigureAwait(false))
        {
            await node.ReceiveAsync(models[0].Id, source, isPeer: false, cancellationToken).ConfigureAwait(false);
            var next = 1;
            var moved = 0L;
            var (value, baseline) = await Interleaved.SampleAsync(
                Rounds,
                async () =>
                {
                    var (received, time) = await node.ReceiveAsync(models[next++].Id, source, isPeer: false, cancellationToken)
                        .ConfigureAwait(false);
                    moved = received.MovedBytes;
                    return time.TotalMilliseconds;
                },
                async () => (await SocketCopy.RunAsync(pieces, directory, cancellationToken).ConfigureAwait(false)).TotalMilliseconds,
                cancellationToken).ConfigureAwait(false);
            return
            [
                BenchResult.OfCost("other-head", "bert", "ms", value, SocketCopy.Name, baseline),
                BenchResult.OfCost(
                    "other-head-moved", "bert", "MB", new Samples([moved / MB]), "the whole model", new Samples([models[0].Bytes / MB])),
            ];
        }
    }

    private static async Task<IReadOnlyList<BenchResult>> SecondProcessAsync(
        ObjectStore store, List<ModelHandle> models, string file, IProgress<string> progress, CancellationToken cancellationToken)
    {
        progress.Report($"transfer: {Rounds} rounds of BERT-base to a second process");
        var worker = WorkerProcess.Start();
        await using (worker.ConfigureAwait(false))
        {
            await worker.AskAsync(WorkerVerbs.Open.With(store.Options.Directory), cancellationToken).ConfigureAwait(false);
            await worker.AskAsync(Lease.With(models[^1].Id.ToString()), cancellationToken).ConfigureAwait(false);
            var before = ProcessMemory.Of(worker.Id).PrivateDirty;
            var next = 0;
            var (value, baseline) = await Interleaved.TimeAsync(
                Rounds,
                () => worker.AskAsync(Lease.With(models[next++].Id.ToString()), cancellationToken),
                () =>
                {
                    ModuleDisposal.Release(BenchModels.LoadBert(file));
                    return Task.CompletedTask;
                },
                cancellationToken).ConfigureAwait(false);
            var copied = Math.Max(0, ProcessMemory.Of(worker.Id).PrivateDirty - before) / MB / next;
            return
            [
                BenchResult.OfCost("second-process", "bert", "ms", value, "construct and load", baseline),
                BenchResult.OfCost(
                    "second-process-private", "bert", "MB", new Samples([copied]), "the whole model",
                    new Samples([models[0].Bytes / MB])),
            ];
        }
    }
}
