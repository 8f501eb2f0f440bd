namespace ZeroCopy.Actors.Calls;

/// <summary>How one call to a pool is made.</summary>
public sealed record CallOptions
{
    /// <summary>The options of a call that gives none.</summary>
    public static CallOptions Default { get; } = new();

    /// <summary>
    /// Time from call to answer, of any length; null for the pool's own setting, <see cref="Timeout.InfiniteTimeSpan"/> for no limit whatever the pool
    /// has. Zero or less has passed already.
    /// </summary>
    public TimeSpan? Deadline { get; init; }

    /// <summary>Calls with an equal key go to the same actor of a pool with consistent hashing; other pools ignore it.</summary>
    public string? HashKey { get; init; }

    /// <summary>Who releases the argument.</summary>
    public ArgumentOwnership Ownership { get; init; }
}
