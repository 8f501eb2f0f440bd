using ZeroCopy.Bench;
using ZeroCopy.Bench.Workers;
using ZeroCopy.Node.Cli;


namespace ZeroCopy.Node.Commands;

/// <summary>
/// <c>zerocopy worker</c>: a process that the demo and the suites start to measure it; see <see cref="BenchSuites.Verbs"/>.
/// </summary>
internal sealed class WorkerCommand : NodeCommand
{
    public WorkerCommand()
        : base(WorkerProcess.Command, "Do what each line of standard input says.", "zerocopy worker") => Hidden = true;

    public override async Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var worker = new Worker(BenchSuites.Verbs);
        await using (worker.ConfigureAwait(false))
        {
            await worker.RunAsync(Console.In, context.Output, cancellationToken).ConfigureAwait(false);
        }

        return ExitCode.Success;
    }
}
