namespace ZeroCopy.Node.Cli;

/// <summary>The command line is not of the form that the command has; exit code 2.</summary>
internal sealed class UsageException(string message) : Exception(message);
