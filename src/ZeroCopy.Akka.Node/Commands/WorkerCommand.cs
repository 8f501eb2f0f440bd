using System.CommandLine;
using ZeroCopy.Node.Cli;
using ZeroCopy.Node.Demo.Memory;

namespace ZeroCopy.Node.Commands;

/// <summary><c>zerocopy demo worker</c>: a process that the demo starts to measure it.</summary>
internal sealed class WorkerCommand : NodeCommand
{
    private readonly Argument<WorkerKind> _kind = new("KIND");
    private readonly Argument<string> _source = new("SOURCE") { Description = "The model's id, or the file to load." };

    public WorkerCommand()
        : base("worker", "Hold two BERT-base until standard input ends.", "zerocopy demo worker Empty -")
    {
        Hidden = true;
        Arguments.Add(_kind);
        Arguments.Add(_source);
    }

    public override Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        Worker.Run(context.Get(_kind), context.StoreOptions().Directory, context.Get(_source), Console.In, context.Output);
        return Task.FromResult(ExitCode.Success);
    }
}
