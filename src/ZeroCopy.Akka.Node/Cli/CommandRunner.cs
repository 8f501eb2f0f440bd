namespace ZeroCopy.Node.Cli;

/// <summary>Runs a command and turns what goes wrong into one line on standard error and an exit code.</summary>
internal static class CommandRunner
{
    public static async Task<int> RunAsync(NodeCommand command, CommandContext context, CancellationToken cancellationToken)
    {
        try
        {
            return await command.RunAsync(context, cancellationToken).ConfigureAwait(false);
        }
        catch (UsageException error)
        {
            Report(context, error);
            return ExitCode.Usage;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            context.Error.WriteLine($"zerocopy: {command.Name} was cancelled. Run it again to finish.");
            return ExitCode.Failure;
        }
        catch (Exception error)
        {
            Report(context, error);
            return ExitCode.Failure;
        }
    }

    private static void Report(CommandContext context, Exception error)
    {
        context.Error.WriteLine($"zerocopy: {ErrorText.Of(error)}");
        if (context.Verbose)
        {
            context.Error.WriteLine(error);
        }
    }
}
