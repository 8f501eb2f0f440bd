using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Runtime.InteropServices;

namespace ZeroCopy.Node.Cli;

/// <summary>The command line <c>zerocopy</c>: parses, runs a command, and gives its exit code.</summary>
internal static class CommandLine
{
    /// <summary>
    /// Runs one command. SIGINT and SIGTERM cancel it, and it ends by itself with exit code 1; a second signal ends the process at once.
    /// </summary>
    public static async Task<int> RunAsync(RootCommand root, string[] args, TextWriter output, TextWriter error)
    {
        var parsed = root.Parse(args);
        if (parsed.Action is ParseErrorAction)
        {
            await error.WriteLineAsync(UsageError(parsed)).ConfigureAwait(false);
            return ExitCode.Usage;
        }

        using var cancellation = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Cancel);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Cancel);
        try
        {
            return await parsed.InvokeAsync(
                new InvocationConfiguration
                {
                    Output = output,
                    Error = error,
                    EnableDefaultExceptionHandler = false,
                    ProcessTerminationTimeout = null,
                },
                cancellation.Token).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            // Help has no command that runs.
            await error.WriteLineAsync($"zerocopy: {ErrorText.Of(e)}").ConfigureAwait(false);
            return ExitCode.Failure;
        }

        void Cancel(PosixSignalContext signal)
        {
            signal.Cancel = !cancellation.IsCancellationRequested;
            cancellation.Cancel();
        }
    }

    /// <summary>The root of the commands, with the options that all of them take.</summary>
    public static RootCommand Create(params IEnumerable<Command> commands)
    {
        var root = new RootCommand("Stores PyTorch models once per host and runs them on shared weights.");
        root.Options.Add(GlobalOptions.Store);
        root.Options.Add(GlobalOptions.Json);
        root.Options.Add(GlobalOptions.Verbose);
        foreach (var command in commands)
        {
            root.Subcommands.Add(command);
            RefuseEmptyOperands(command);
        }

        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExample((HelpAction)help.Action!);
        return root;
    }

    /// <summary>An empty text is the value of a variable that is not set, and means nothing anywhere.</summary>
    private static void RefuseEmptyOperands(Command command)
    {
        command.Validators.Add(result =>
        {
            for (SymbolResult? level = result; level is CommandResult given; level = level.Parent)
            {
                foreach (var empty in given.Children.Where(
                    child => child is OptionResult or ArgumentResult && child.Tokens.Any(token => token.Value.Length == 0)))
                {
                    var name = empty is OptionResult option ? option.Option.Name : ((ArgumentResult)empty).Argument.Name;
                    result.AddError($"{name} is empty.");
                }
            }
        });
        foreach (var child in command.Subcommands)
        {
            RefuseEmptyOperands(child);
        }
    }

    private static string UsageError(ParseResult parsed)
    {
        var path = new Stack<string>();
        for (SymbolResult? result = parsed.CommandResult; result is CommandResult command; result = result.Parent)
        {
            path.Push(command.Command is RootCommand ? "zerocopy" : command.Command.Name);
        }

        var problems = string.Join(
            " ", parsed.Errors.Select(problem => $"{string.Join(' ', problem.Message.Split())}".TrimEnd('.') + ".").Distinct());
        return $"zerocopy: {problems} '{string.Join(' ', path)} --help' shows how to use it.";
    }
}
