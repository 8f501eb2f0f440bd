using System.CommandLine;
using System.Diagnostics;
using Akka.Event;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Clustering.Transfer;
using ZeroCopy.Node.Cli;
using ZeroCopy.Node.Remote;

namespace ZeroCopy.Node.Commands;

/// <summary><c>zerocopy push</c>: a model of the store goes to a node.</summary>
internal sealed class PushCommand : NodeCommand
{
    private readonly Argument<string> _model = new("MODEL")
    {
        Description = "NAME or NAME@VERSION of a model of the store. Without a version it gets the next one in the cluster.",
    };

    public PushCommand()
        : base("push", "Send a model to a node; only what the node lacks moves.", "zerocopy push detector --node 10.0.0.7:4053")
    {
        Arguments.Add(_model);
        Options.Add(GlobalOptions.RequiredNode);
        Options.Add(GlobalOptions.Config);
    }

    public override async Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var name = RemoteModels.Name(context.Get(_model));
        using var store = context.OpenStore();
        var handle = store.Resolve(name);
        using var lease = store.Acquire(handle.Id, "zerocopy push");
        var start = Stopwatch.GetTimestamp();
        var connection = await NodeConnection.OpenAsync(context, cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            var log = Logging.GetLogger(connection.System, typeof(TransferListener));
            var listener = await TransferListener.StartAsync(store, connection.Settings, connection.Trust, log, cancellationToken)
                .ConfigureAwait(false);
            await using (listener.ConfigureAwait(false))
            {
                var opened = await connection.Node.AskAsync<NodeReply.Opened>(
                    id => new NodeQuery.Receive(name, handle.Id, [listener.Address], store.Id, id),
                    Timeout.InfiniteTimeSpan,
                    cancellationToken).ConfigureAwait(false);
                MovedModel.Print(context, opened.Model, opened.MovedBytes, Stopwatch.GetElapsedTime(start));
            }
        }

        return ExitCode.Success;
    }
}
