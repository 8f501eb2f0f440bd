using System.CommandLine;
using ZeroCopy.Node;
using ZeroCopy.Node.Cli;
using ZeroCopy.Node.Commands;

var output = StandardOutput.Take();
return ProcessEnd.With(await CommandLine.RunAsync(Commands(), args, output, Console.Error).ConfigureAwait(false), Console.Error);

internal static partial class Program
{
    /// <summary>The commands of <c>zerocopy</c>, in the order of its help.</summary>
    internal static RootCommand Commands() => CommandLine.Create(
        new PutCommand(),
        new ListCommand(),
        new ShowCommand(),
        new RemoveCommand(),
        new ExportCommand(),
        new StoreCommand(),
        new PredictCommand(),
        new BatchCommand(),
        new RunNodeCommand(),
        new PushCommand(),
        new PullCommand(),
        new ClusterCommand(),
        new BenchCommand(),
        new DemoCommand(),
        new WorkerCommand());
}
