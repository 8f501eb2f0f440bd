using ZeroCopy.Node.Cli;
using ZeroCopy.Node.Workers;

namespace ZeroCopy.Node.Commands;

/// <summary><c>zerocopy worker</c>: a process that the demo and the suites start to measure it; see <see cref="WorkerVerb"/>.</summary>
internal sealed class WorkerCommand : NodeCommand
{
    public WorkerCommand()
        : base("worker", "Do what each line of standard input says.", "zerocopy worker") => Hidden = true;

    public override async Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var worker = new Worker();
        await using (worker.ConfigureAwait(false))
        {
            await worker.RunAsync(Console.In, context.Output, cancellationToken).ConfigureAwait(false);
        }

        return ExitCode.Success;
    }
}
