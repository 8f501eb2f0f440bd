using System.Globalization;
using Akka.Actor;
using ZeroCopy.Bench.Measuring;
using ZeroCopy.Bench.Models;
using ZeroCopy.Bench.Workers;
using ZeroCopy.Clustering.Clients;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Content;
using ZeroCopy.Manifests;
using ZeroCopy.Store;

namespace ZeroCopy.Bench.Suites.Remote;

/// <summary>
/// Whether two nodes lose sight of each other while models of 4 GiB move from one to the other, which a client calls with images all the
/// time: what is lost is heartbeats.
/// </summary>
internal static class Heartbeats
{
    private const int Models = 4;
    private const int TensorCount = 256;
    private const int TensorBytes = 4 << 20;
    private const int Concurrency = 4;

    /// <summary>Puts the large models into the store of a node, and those of <see cref="EchoModels"/>.</summary>
    public static WorkerVerb Put { get; } = new("large-put", async (worker, _, cancellationToken) =>
    {
        await EchoModels.Put.DoAsync(worker, [], cancellationToken).ConfigureAwait(false);
        for (var model = 0; model < Models; model++)
        {
            var tensors = Enumerable.Range(model * TensorCount, TensorCount);
            var content = new ModelContent
            {
                Tensors = [.. tensors.Select(index => new RandomTensorSource(index, TensorBytes))],
                Recipe = new Recipe.Weights("bench", ""),
            };
            await WorkerNode.Of(worker).Host.Store.PutAsync(
                content, new PutOptions { Name = Name(model) }, cancellationToken: cancellationToken).ConfigureAwait(false);
        }

        return "";
    });

    /// <param name="image">What <see cref="EchoModels.Image"/> is called with.</param>
    /// <param name="progress">What is going on.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<BenchResult> RunAsync(NamedTensor image, IProgress<string> progress, CancellationToken cancellationToken)
    {
        using var directory = new ScratchDirectory("bench");
        var (first, second) = (Folder("first"), Folder("second"));
        progress.Report($"cluster: {Models} models of {TensorCount * (TensorBytes >> 20)} MiB into the store of one of two nodes");
        var source = await NodeProcess.StartAsync(first, NodeProcess.Hocon("cluster"), Put.With(), null, cancellationToken)
            .ConfigureAwait(false);
        await using (source.ConfigureAwait(false))
        {
            var target = await NodeProcess.StartAsync(
                second, NodeProcess.Hocon("cluster"), WorkerVerbs.Forward.With(), source.Address, cancellationToken).ConfigureAwait(false);
            await using (target.ConfigureAwait(false))
            {
                var before = await LostAsync().ConfigureAwait(false);
                var outside = await OutsideClient.ConnectAsync([source.Address], NodeProcess.DefaultFrame, cancellationToken)
                    .ConfigureAwait(false);
                await using (outside.ConfigureAwait(false))
                {
                    var calls = await CallWhileAsync(outside, image, source, target, cancellationToken).ConfigureAwait(false);
                    progress.Report(string.Create(CultureInfo.InvariantCulture, $"cluster: {calls} calls with an image meanwhile"));
                }

                var lost = await LostAsync().ConfigureAwait(false) - before;
                return BenchResult.OfCost(
                    "members lost sight of", $"{Models} GiB moved", "times", new Samples([lost]), "nothing happens", new Samples([before]));

                async Task<int> LostAsync()
                {
                    var sum = 0;
                    foreach (var node in new[] { source, target })
                    {
                        sum += Worker.Number(await node.Process.AskAsync(WorkerNode.Unreachable.With(), cancellationToken)
                            .ConfigureAwait(false));
                    }

                    return sum;
                }
            }
        }

        string Folder(string name) => Directory.CreateDirectory(directory.Path(name)).FullName;
    }

    /// <summary>Calls while the models move; returns how often.</summary>
    private static async Task<int> CallWhileAsync(
        OutsideClient outside, NamedTensor image, NodeProcess source, NodeProcess target, CancellationToken cancellationToken)
    {
        var model = await KnownModel.FindAsync(outside.Client, EchoModels.Image, cancellationToken).ConfigureAwait(false);
        var calls = 0;
        var moved = MoveAsync(outside.System, source, target, cancellationToken);
        await Task.WhenAll([moved, .. Enumerable.Range(0, Concurrency).Select(_ => CallAsync())]).ConfigureAwait(false);
        return calls;

        async Task CallAsync()
        {
            while (!moved.IsCompleted)
            {
                (await model.CallAsync("", [image], null, cancellationToken).ConfigureAwait(false)).Dispose();
                Interlocked.Increment(ref calls);
            }
        }
    }

    private static async Task MoveAsync(ActorSystem system, NodeProcess source, NodeProcess target, CancellationToken cancellationToken)
    {
        var (from, to) = (await ConnectAsync(source).ConfigureAwait(false), await ConnectAsync(target).ConfigureAwait(false));
        for (var model = 0; model < Models; model++)
        {
            var name = Name(model);
            var located = await from.AskAsync<NodeReply.Located>(
                id => new NodeQuery.Locate(name, id), NodeClient.AnswerTime, cancellationToken).ConfigureAwait(false);
            await to.AskAsync<NodeReply.Opened>(
                id => new NodeQuery.Receive(name, located.Model.Id, located.Sources, located.Stores[0], id), Timeout.InfiniteTimeSpan,
                cancellationToken).ConfigureAwait(false);
        }

        Task<NodeClient> ConnectAsync(NodeProcess node) =>
            NodeClient.ConnectAsync(system, Address.Parse(node.Address), NodeClient.AnswerTime, cancellationToken);
    }

    private static ModelName Name(int model) => new($"large-{model}", 1);
}
