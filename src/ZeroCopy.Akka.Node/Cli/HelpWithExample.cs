using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace ZeroCopy.Node.Cli;

/// <summary>The usual help, with the command's example at its end.</summary>
internal sealed class HelpWithExample(HelpAction help) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var code = help.Invoke(parseResult);
        var example = parseResult.CommandResult.Command switch
        {
            NodeCommand command => command.Example,
            RootCommand => "zerocopy put model.pt --name detector",
            var group => group.Subcommands.OfType<NodeCommand>().First().Example,
        };
        parseResult.InvocationConfiguration.Output.WriteLine($"Example:{Environment.NewLine}  {example}{Environment.NewLine}");
        return code;
    }
}
