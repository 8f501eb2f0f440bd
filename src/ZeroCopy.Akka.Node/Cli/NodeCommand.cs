using System.CommandLine;

namespace ZeroCopy.Node.Cli;

/// <summary>A command of ours: has an example for its help, and runs with errors turned into exit codes.</summary>
internal abstract class NodeCommand : Command
{
    protected NodeCommand(string name, string description, string example)
        : base(name, description)
    {
        Example = example;
        SetAction((parsed, cancellationToken) => CommandRunner.RunAsync(this, new CommandContext(parsed), cancellationToken));
    }

    /// <summary>One line that works as it stands.</summary>
    public string Example { get; }

    /// <summary>Does the work and gives the exit code.</summary>
    public abstract Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken);
}
