using System.Globalization;
using Spectre.Console;
using ZeroCopy.Node.Cli;
using ZeroCopy.Node.Remote;

namespace ZeroCopy.Node.Commands;

/// <summary><c>zerocopy ls</c>: the models of the store, or of a cluster.</summary>
internal sealed class ListCommand : NodeCommand
{
    public ListCommand()
        : base("ls", "List the models of the store, or of a node's cluster.", "zerocopy ls --json")
    {
        Options.Add(GlobalOptions.Node);
        Options.Add(GlobalOptions.Config);
    }

    public override Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken) =>
        context.Nodes.Count > 0 ? ListAsync(context, cancellationToken) : Task.FromResult(List(context));

    private static async Task<int> ListAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var connection = await NodeConnection.OpenAsync(context, cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            var status = await connection.Node.StatusAsync(cancellationToken).ConfigureAwait(false);
            if (context.Json)
            {
                context.PrintJson(status.Models.Select(StatusView.Json));
            }
            else
            {
                StatusView.PrintModels(context, status);
            }
        }

        return ExitCode.Success;
    }

    private static int List(CommandContext context)
    {
        if (context.AwaitsFirstPut)
        {
            return PrintNone(context, context.StoreOptions().Directory);
        }

        using var store = context.OpenStore();
        var models = store.List();
        var used = store.ListUsed();
        if (models.Count == 0)
        {
            return PrintNone(context, store.Options.Directory);
        }

        if (context.Json)
        {
            context.PrintJson(models.Select(model => new
            {
                Id = model.Id.ToString(),
                Names = model.Names.Select(name => name.ToString()),
                model.Bytes,
                model.TensorCount,
                model.Pinned,
                InUse = used.Contains(model.Id),
                model.LastUsed,
            }));
            return ExitCode.Success;
        }

        var table = new Table().AddColumns("name", "size", "tensors", "pinned", "in use", "last used", "id");
        foreach (var model in models)
        {
            table.AddRow(
                model.Names.IsEmpty ? "-" : string.Join(", ", model.Names),
                ByteSize.Text(model.Bytes),
                model.TensorCount.ToString(CultureInfo.InvariantCulture),
                model.Pinned ? "yes" : "no",
                used.Contains(model.Id) ? "yes" : "no",
                model.LastUsed.ToString("u", CultureInfo.InvariantCulture),
                model.Id.ToString()[..12]);
        }

        context.Print(table);
        return ExitCode.Success;
    }

    private static int PrintNone(CommandContext context, string directory)
    {
        if (context.Json)
        {
            context.PrintJson(Array.Empty<object>());
        }
        else
        {
            context.Output.WriteLine($"The store in {directory} is empty. 'zerocopy put PATH --name NAME' puts a model.");
        }

        return ExitCode.Success;
    }
}
