using ZeroCopy.Errors;

namespace ZeroCopy.Node.Cli;

/// <summary>The command line is well-formed and asks for what cannot be; exit code 1.</summary>
internal sealed class OptionException(string message) : ZeroCopyException(message);
