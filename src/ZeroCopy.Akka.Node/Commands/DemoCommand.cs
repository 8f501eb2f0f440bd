using System.Diagnostics;
using ZeroCopy.Node.Cli;
using ZeroCopy.Node.Demo;
using ZeroCopy.Node.Demo.Digits;
using ZeroCopy.Node.Demo.Memory;
using ZeroCopy.Store;
using ZeroCopy.Torch.Catalog;

namespace ZeroCopy.Node.Commands;

/// <summary><c>zerocopy demo</c>: the whole main job in one process, on real data, checked against direct calls.</summary>
internal sealed class DemoCommand : NodeCommand
{
    public DemoCommand()
        : base("demo", "Show the main job on real data: put, task calls, a pool, a pipeline, load time and memory.", "zerocopy demo")
    {
        Subcommands.Add(new TrainCommand());
    }

    public override async Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        var report = new DemoReport();
        using var directory = new DemoDirectory(context.StoreDirectory);
        var model = directory.File("digits");
        DigitWeights.Extract(model);
        using var direct = DigitWeights.Load(model);

        var host = ZeroCopyHost.Open(new ZeroCopyHostOptions
        {
            Store = new ObjectStoreOptions { Directory = directory.Store },
            Catalog = DigitModels.AddTo(new ModelCatalog()),
        });
        await using (host.ConfigureAwait(false))
        {
            await new DigitDemo(host, direct, report, Step).RunAsync(cancellationToken).ConfigureAwait(false);
        }

        await new BertDemo(directory, report, Step).RunAsync(cancellationToken).ConfigureAwait(false);
        report.Print(context, Stopwatch.GetElapsedTime(start));
        return report.Passed ? ExitCode.Success : ExitCode.Failure;

        void Step(string what) => context.Error.WriteLine(
            FormattableString.Invariant($"[{Stopwatch.GetElapsedTime(start).TotalSeconds,5:F1} s] {what}"));
    }
}
