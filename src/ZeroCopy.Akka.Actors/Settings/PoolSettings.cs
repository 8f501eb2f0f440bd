namespace ZeroCopy.Actors.Settings;

/// <summary>
/// Settings of one pool: <c>zerocopy.inference.pools.NAME</c> over <c>zerocopy.inference.pool-defaults</c>. Code changes them with a
/// <c>with</c> expression.
/// </summary>
public sealed record PoolSettings
{
    /// <summary>Number of actors, or where a resizable pool starts.</summary>
    public int Size { get; init; } = Environment.ProcessorCount;

    /// <summary>
    /// Threads that one operation of the model uses, the actor's own included: by default the processors divided among the actors (the most that a
    /// resizable pool may have), at least one.
    /// </summary>
    public int Threads
    {
        get => field > 0 ? field : Math.Max(1, Environment.ProcessorCount / (Resizer?.MaxSize ?? Size));
        init;
    }

    /// <summary>Who gets a call.</summary>
    public RoutingStrategy Router { get; init; } = RoutingStrategy.SmallestMailbox;

    /// <summary>Most calls that are queued or running.</summary>
    public int QueueCapacity { get; init; } = 4096;

    /// <summary>Time from call to answer where the caller gives none; null for no limit.</summary>
    public TimeSpan? Deadline { get; init; }

    /// <summary>Null for a pool of a fixed size.</summary>
    public ResizerSettings? Resizer { get; init; }

    /// <summary>How loading is retried.</summary>
    public LoadSettings Load { get; init; } = new();

    /// <summary>Null where requests are not joined.</summary>
    public BatchingSettings? Batching { get; init; }
}
