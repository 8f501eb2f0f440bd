using System.CommandLine;
using ZeroCopy.Node.Cli;

namespace ZeroCopy.Node.Commands;

/// <summary><c>zerocopy store gc</c>: gives back what no model needs.</summary>
internal sealed class StoreCollectCommand : NodeCommand
{
    private readonly Option<bool> _unnamed = new("--unnamed")
    {
        Description = "Also remove models that have no name, are not pinned and not in use.",
    };

    public StoreCollectCommand()
        : base("gc", "Delete what no model needs, and repack segments that are mostly dead.", "zerocopy store gc") => Options.Add(_unnamed);

    public override async Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        using var store = context.OpenStore();
        var report = await store.CollectAsync(context.Get(_unnamed), cancellationToken).ConfigureAwait(false);
        if (context.Json)
        {
            context.PrintJson(report);
        }
        else
        {
            context.Output.WriteLine(
                $"Freed {ByteSize.Text(report.FreedBytes)}: removed {report.RemovedModels} models and {report.RemovedFiles} files, "
                + $"repacked {report.RepackedSegments} segments.");
        }

        return ExitCode.Success;
    }
}
