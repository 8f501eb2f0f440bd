using System.Collections.Immutable;

namespace ZeroCopy.Actors.Settings;

/// <summary>Which model types this process can build, beside those that its code registers.</summary>
public sealed record ModelSettings
{
    /// <summary>Paths of assemblies that bring model types.</summary>
    public ImmutableArray<string> Assemblies { get; init; } = [];
}
