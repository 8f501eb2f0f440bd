using System.Globalization;
using Spectre.Console;
using ZeroCopy.Node.Cli;

namespace ZeroCopy.Node.Commands;

/// <summary>
/// <c>zerocopy store stat</c>: counts and sizes, and who holds which models. This process holds none: other processes are known by their
/// locks.
/// </summary>
internal sealed class StoreStatCommand()
    : NodeCommand("stat", "Show counts and sizes of the store, and who uses it.", "zerocopy store stat")
{
    public override Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        using var store = context.OpenStore();
        var statistics = store.GetStatistics();
        var names = store.List().Where(model => !model.Names.IsEmpty).ToDictionary(model => model.Id, model => model.Names[0].ToString());
        var holders = statistics.Holders.Select(lease => new
        {
            lease.Holder,
            Model = names.GetValueOrDefault(lease.Model, lease.Model.ToString()),
            lease.Process,
            lease.Leases,
        }).ToArray();
        if (context.Json)
        {
            context.PrintJson(new
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
                Leases = holders.Sum(holder => holder.Leases),
                statistics.WaitingPuts,
                Holders = holders,
            });
            return Task.FromResult(ExitCode.Success);
        }

        var table = new Table().HideHeaders().AddColumns("", "")
            .AddRow("directory", Markup.Escape(statistics.Directory))
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
        foreach (var model in holders.GroupBy(holder => holder.Model, holder => holder.Holder, StringComparer.Ordinal))
        {
            table.AddRow($"{Markup.Escape(model.Key)} held by", Markup.Escape(string.Join(", ", model)));
        }

        context.Print(table);
        return Task.FromResult(ExitCode.Success);
    }

    private static string Number(int value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
