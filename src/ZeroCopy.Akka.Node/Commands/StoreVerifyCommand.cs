using ZeroCopy.Manifests;
using ZeroCopy.Node.Cli;
using ZeroCopy.Store;

namespace ZeroCopy.Node.Commands;

/// <summary><c>zerocopy store verify</c>: hashes every block again.</summary>
internal sealed class StoreVerifyCommand() : NodeCommand(
    "verify", "Hash every block again and name the models that damage hurts.", "zerocopy store verify")
{
    public override async Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        using var store = context.OpenStore();
        var total = Math.Max(1, store.GetStatistics().LiveBytes);
        var report = await context.WithProgressAsync(
            "verify", progress => store.VerifyAsync(new Fraction(progress, total), cancellationToken)).ConfigureAwait(false);
        var names = store.List().ToDictionary(
            model => model.Id, model => model.Names.IsEmpty ? model.Id.ToString() : string.Join(", ", model.Names));
        var sound = report.Damaged.IsEmpty && report.UnreadableFiles.IsEmpty;

        if (context.Json)
        {
            context.PrintJson(new
            {
                report.CheckedBlocks,
                report.CheckedBytes,
                Damaged = report.Damaged.Select(block => new
                {
                    Block = block.Block.ToString(),
                    block.Segment,
                    Models = block.Models.Select(model => NameOf(names, model)),
                }),
                report.UnreadableFiles,
            });
        }
        else
        {
            context.Output.WriteLine(
                $"{report.CheckedBlocks} blocks, {ByteSize.Text(report.CheckedBytes)}: {(sound ? "all sound" : "DAMAGED")}");
            foreach (var block in report.Damaged)
            {
                context.Output.WriteLine(
                    $"damaged block {block.Block} in {block.Segment ?? "no segment"}: hurts "
                    + (block.Models.IsEmpty ? "no model" : string.Join("; ", block.Models.Select(model => NameOf(names, model)))));
            }

            foreach (var file in report.UnreadableFiles)
            {
                context.Output.WriteLine($"unreadable {file}");
            }
        }

        if (!sound)
        {
            context.Error.WriteLine($"zerocopy: The store is damaged. {Advice(report)}");
        }

        return sound ? ExitCode.Success : ExitCode.Failure;
    }

    private static string Advice(VerifyReport report)
    {
        var unreadable = report.UnreadableFiles.IsEmpty ? "" : "'zerocopy store gc' deletes the unreadable files that are damaged. ";
        return unreadable + (report.Damaged.Any(block => !block.Models.IsEmpty)
            ? "Remove the models named above with 'zerocopy rm', then put them again."
            : unreadable.Length > 0 ? "Then put again what is missing." : "No model needs the damaged blocks.");
    }

    private static string NameOf(Dictionary<ModelId, string> names, ModelId model) => names.GetValueOrDefault(model, model.ToString());

    private sealed class Fraction(IProgress<double> inner, long total) : IProgress<long>
    {
        public void Report(long value) => inner.Report((double)value / total);
    }
}
