using System.Collections.Immutable;
using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Settings;

/// <summary>Settings under <c>zerocopy</c> are wrong. All problems are named, not only the first.</summary>
public sealed class InvalidSettingsException(ImmutableArray<string> problems)
    : ZeroCopyException("Invalid settings: " + string.Join("; ", problems) + ".")
{
    /// <summary>One line for each wrong setting: its path, its value, and what it may be.</summary>
    public ImmutableArray<string> Problems { get; } = problems;
}
