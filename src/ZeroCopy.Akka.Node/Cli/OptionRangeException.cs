using ZeroCopy.Errors;

namespace ZeroCopy.Node.Cli;

/// <summary>An option is of its form, and has a value that it may not have; exit code 1.</summary>
internal sealed class OptionRangeException(string message) : ZeroCopyException(message);
