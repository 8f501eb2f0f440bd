using System.CommandLine;
using ZeroCopy.Clustering.Clients;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Manifests;
using ZeroCopy.Node.Cli;
using ZeroCopy.Node.Remote;

namespace ZeroCopy.Node.Commands;

/// <summary><c>zerocopy rm</c>: removes a name, and the model when no other name points to it.</summary>
internal sealed class RemoveCommand : NodeCommand
{
    private readonly Argument<string> _model = new("MODEL")
    {
        Description = "NAME (all its versions), NAME@VERSION, or the id of a model to remove with all its names.",
    };

    public RemoveCommand()
        : base("rm", "Remove a model from the store, or from every node of a cluster.", "zerocopy rm detector@1")
    {
        Arguments.Add(_model);
        Options.Add(GlobalOptions.Node);
        Options.Add(GlobalOptions.Config);
    }

    public override Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken) =>
        context.Nodes.Count > 0 ? RemoveAsync(context, cancellationToken) : Task.FromResult(Remove(context));

    private async Task<int> RemoveAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var name = RemoteModels.Name(context.Get(_model));
        var connection = await NodeConnection.OpenAsync(context, cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            var removed = await connection.Node.AskAsync<NodeReply.Removed>(
                id => new NodeQuery.Remove(name, Everywhere: true, id), NodeClient.AnswerTime, cancellationToken).ConfigureAwait(false);
            if (context.Json)
            {
                context.PrintJson(new { Removed = name.ToString(), Names = removed.Names.Select(one => one.ToString()) });
            }
            else
            {
                context.Output.WriteLine($"Removed {string.Join(", ", removed.Names)} from the nodes of the cluster.");
            }
        }

        return ExitCode.Success;
    }

    private int Remove(CommandContext context)
    {
        using var store = context.OpenStore();
        var text = context.Get(_model);
        IReadOnlyList<ModelId> removed;
        if (ModelId.TryParse(text, out var id))
        {
            store.Remove(id);
            removed = [id];
        }
        else
        {
            removed = store.Remove(CommandContext.NameBesideId(text));
        }

        if (context.Json)
        {
            context.PrintJson(new { Removed = text, Models = removed.Select(model => model.ToString()) });
        }
        else
        {
            context.Output.WriteLine(removed.Count == 0 ? $"Removed the name {text}; its model has other names." : $"Removed {text}.");
        }

        return ExitCode.Success;
    }
}
