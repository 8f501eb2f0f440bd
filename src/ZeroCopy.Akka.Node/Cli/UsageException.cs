namespace ZeroCopy.Node.Cli;

/// <summary>The command was called in a way that cannot work; exit code 2.</summary>
internal sealed class UsageException(string message) : Exception(message);
