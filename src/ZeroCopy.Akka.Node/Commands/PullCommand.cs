using System.Collections.Concurrent;
using System.CommandLine;
using System.Diagnostics;
using ZeroCopy.Clustering.Clients;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Clustering.Transfer;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Node.Cli;
using ZeroCopy.Node.Remote;
using ZeroCopy.Store;
using ZeroCopy.Store.Receiving;

namespace ZeroCopy.Node.Commands;

/// <summary><c>zerocopy pull</c>: a model of the cluster comes into the store.</summary>
internal sealed class PullCommand : NodeCommand
{
    private readonly Argument<string> _model = new("MODEL")
    {
        Description = "NAME or NAME@VERSION of a model of the cluster; without a version the current one.",
    };

    public PullCommand()
        : base(
            "pull", "Bring a model of a node into the store; only what the store lacks moves.",
            "zerocopy pull detector --node 10.0.0.7:4053")
    {
        Arguments.Add(_model);
        Options.Add(GlobalOptions.RequiredNode);
        Options.Add(GlobalOptions.Config);
    }

    public override async Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var name = RemoteModels.Name(context.Get(_model));
        using var store = context.OpenStore(creates: true);
        var start = Stopwatch.GetTimestamp();
        var connection = await NodeConnection.OpenAsync(context, cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            var located = await connection.Node.AskAsync<NodeReply.Located>(
                id => new NodeQuery.Locate(name, id), NodeClient.AnswerTime, cancellationToken).ConfigureAwait(false);
            ThrowIfOther(store, located.Model);
            var received = located.Stores.Contains(store.Id)
                ? new ReceivedModel(located.Model, 0)
                : await ReceiveAsync(context, connection, store, located, cancellationToken).ConfigureAwait(false);
            MovedModel.Print(context, received.Model, received.MovedBytes, Stopwatch.GetElapsedTime(start));
        }

        return ExitCode.Success;
    }

    // As a node refuses it that receives a model by order: what is called by that version on this host would be other weights from then on.
    private static void ThrowIfOther(ObjectStore store, ModelHandle model)
    {
        if (store.ListNames().FirstOrDefault(held => held.Name == model.Name) is { } known && known.Id != model.Id)
        {
            throw new InferenceException(
                InferenceFailure.InvalidInput,
                $"{model.Name} is another model in this store, {known.Id}, than in the cluster, {model.Id}, and a version never changes "
                + $"its model. Take the name from this store with 'zerocopy rm {model.Name}', then pull again; or pull another version.");
        }
    }

    private static async Task<ReceivedModel> ReceiveAsync(
        CommandContext context, NodeConnection connection, ObjectStore store, NodeReply.Located located,
        CancellationToken cancellationToken)
    {
        using var client = TransferClient.Create(connection.Trust);
        var dropped = new ConcurrentQueue<string>();
        var transfer = new ModelTransfer(store, client, TransferOptions.Of(connection.Settings.Transfer) with
        {
            Dropped = (node, reason) => dropped.Enqueue($"{node} {reason}"),
        });
        var received = await context.WithProgressAsync(
            $"pull {located.Model}",
            progress => transfer.ReceiveAsync(
                located.Model.Id, located.Sources, new PutOptions { Name = located.Model.Name }, new WrittenShare(progress),
                cancellationToken)).ConfigureAwait(false);
        foreach (var source in dropped)
        {
            context.Error.WriteLine($"zerocopy: {PlainText.Of(source)}; others sent the model.");
        }

        return received;
    }

    private sealed class WrittenShare(IProgress<double> inner) : IProgress<PutProgress>
    {
        public void Report(PutProgress value) => inner.Report(value.TotalBytes == 0 ? 1 : (double)value.WrittenBytes / value.TotalBytes);
    }
}
