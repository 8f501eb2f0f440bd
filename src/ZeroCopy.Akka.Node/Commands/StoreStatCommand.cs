using System.Globalization;
using Spectre.Console;
using ZeroCopy.Node.Cli;
using ZeroCopy.Node.Remote;
using ZeroCopy.Store;

namespace ZeroCopy.Node.Commands;

/// <summary>
/// <c>zerocopy store stat</c>: counts and sizes of the host's store, or of a node's, and who holds which models. The process that looks
/// knows its own holders by name and other processes by their locks: a node names its pools, this command, which holds none, the node.
/// </summary>
internal sealed class StoreStatCommand : NodeCommand
{
    public StoreStatCommand()
        : base("stat", "Show counts and sizes of the store, or of a node's, and who uses it.", "zerocopy store stat")
    {
        Options.Add(GlobalOptions.Node);
        Options.Add(GlobalOptions.Config);
    }

    public override async Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var statistics = context.Nodes.Count > 0
            ? await OfNodeAsync(context, cancellationToken).ConfigureAwait(false)
            : OfHost(context);
        if (context.Json)
        {
            PrintJson(context, statistics);
        }
        else
        {
            Print(context, statistics);
        }

        return ExitCode.Success;
    }

    private static StoreStatistics OfHost(CommandContext context)
    {
        using var store = context.OpenStore();
        return store.GetStatistics();
    }

    private static async Task<StoreStatistics> OfNodeAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var connection = await NodeConnection.OpenAsync(context, cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            return await connection.Node.StoreAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private static void PrintJson(CommandContext context, StoreStatistics statistics) => context.PrintJson(new
    {
        statistics.Directory,
        statistics.Models,
        statistics.Names,
        statistics.Blocks,
        statistics.Segments,
        statistics.LogicalBytes,
        statistics.LiveBytes,
        statistics.DeadBytes,
        statistics.TemporaryBytes,
        statistics.UsedBytes,
        statistics.CapacityBytes,
        statistics.FreeBytes,
        statistics.Mappings,
        Leases = statistics.Holders.Sum(lease => lease.Leases),
        statistics.WaitingPuts,
        Holders = statistics.Holders.Select(lease => new { lease.Holder, Model = Model(lease), lease.Process, lease.Leases }),
    });

    private static void Print(CommandContext context, StoreStatistics statistics)
    {
        var table = new Table().HideHeaders().AddColumns("", "")
            .AddRow("directory", Markup.Escape(PlainText.Of(statistics.Directory)))
            .AddRow("models", Number(statistics.Models))
            .AddRow("names", Number(statistics.Names))
            .AddRow("blocks", Number(statistics.Blocks))
            .AddRow("segments", Number(statistics.Segments))
            .AddRow("models without sharing", ByteSize.Text(statistics.LogicalBytes))
            .AddRow("live", ByteSize.Text(statistics.LiveBytes))
            .AddRow("dead", ByteSize.Text(statistics.DeadBytes))
            .AddRow("used", ByteSize.Text(statistics.UsedBytes))
            .AddRow("free", ByteSize.Text(statistics.FreeBytes))
            .AddRow("capacity", ByteSize.Text(statistics.CapacityBytes));
        foreach (var model in statistics.Holders.GroupBy(Model, lease => lease.Holder, StringComparer.Ordinal))
        {
            table.AddRow($"{Markup.Escape(model.Key)} held by", Markup.Escape(PlainText.Of(string.Join(", ", model))));
        }

        context.Print(table);
    }

    private static string Model(LeaseInfo lease) => lease.Name?.ToString() ?? lease.Model.ToString();

    private static string Number(int value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
