using System.Globalization;
using Spectre.Console;
using ZeroCopy.Node.Cli;

namespace ZeroCopy.Node.Commands;

/// <summary><c>zerocopy ls</c>: the models of the store.</summary>
internal sealed class ListCommand() : NodeCommand("ls", "List the models of the store.", "zerocopy ls --json")
{
    public override Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        using var store = context.OpenStore();
        var models = store.List();
        var used = store.ListUsed();
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
            return Task.FromResult(ExitCode.Success);
        }

        if (models.Count == 0)
        {
            context.Output.WriteLine("The store is empty. 'zerocopy put PATH --name NAME' puts a model.");
            return Task.FromResult(ExitCode.Success);
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
        return Task.FromResult(ExitCode.Success);
    }
}
