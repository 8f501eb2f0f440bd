using System.Collections.Immutable;
using ZeroCopy.Errors;

namespace ZeroCopy.Node.Service;

/// <summary>A node cannot start. All reasons are named, not only the first.</summary>
internal sealed class NodeStartException(ImmutableArray<string> problems)
    : ZeroCopyException($"The node cannot start: {string.Join("; ", problems)}.")
{
    /// <summary>One line for each.</summary>
    public ImmutableArray<string> Problems { get; } = problems;
}
