namespace ZeroCopy;

/// <summary>How one call to a model is made. Immutable.</summary>
public sealed record CallOptions
{
    /// <summary>The options of a call that has none.</summary>
    public static CallOptions Default { get; } = new();

    /// <summary>
    /// Time from call to answer, of any length; null for the setting of the pool, <see cref="Timeout.InfiniteTimeSpan"/> for no limit
    /// whatever the pool has. Zero or less has passed already.
    /// </summary>
    public TimeSpan? Deadline { get; init; }

    /// <summary>Calls with an equal key go to the same actor of a pool with consistent hashing; other pools ignore it.</summary>
    public string? HashKey { get; init; }

    /// <summary>Who releases the argument.</summary>
    public ArgumentOwnership Ownership { get; init; }

    /// <summary>
    /// Whether the call may be made again where nobody knows if it was carried out, such as when a node was lost before it answered.
    /// Inference has no effect but its answer, so it is by default.
    /// </summary>
    public bool IsIdempotent { get; init; } = true;
}
