using System.Globalization;
using Spectre.Console;
using ZeroCopy.Node.Cli;

namespace ZeroCopy.Node.Commands;

/// <summary><c>zerocopy store stat</c>: counts and sizes.</summary>
internal sealed class StoreStatCommand() : NodeCommand("stat", "Show counts and sizes of the store.", "zerocopy store stat")
{
    public override Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        using var store = context.OpenStore();
        var statistics = store.GetStatistics();
        if (context.Json)
        {
            context.PrintJson(statistics);
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
        context.Print(table);
        return Task.FromResult(ExitCode.Success);
    }

    private static string Number(int value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
