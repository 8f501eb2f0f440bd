
namespace ZeroCopy.Actors.Tasks;

/// <summary>How one task is run.</summary>
public sealed record TaskOptions
{
    /// <summary>The options of a task that gives none.</summary>
    public static TaskOptions Default { get; } = new();

    /// <summary>
    /// Time from call to answer, of any length, attempts and pauses included; null for <c>zerocopy.tasks.deadline</c>,
    /// <see cref="Timeout.InfiniteTimeSpan"/> for no limit. Zero or less has passed already.
    /// </summary>
    public TimeSpan? Deadline { get; init; }

    /// <summary>Who releases the argument.</summary>
    public ArgumentOwnership Ownership { get; init; }

    /// <summary>When a task that failed is tried again.</summary>
    public RetryPolicy Retry { get; init; } = RetryPolicy.None;

    /// <summary>
    /// Of the tasks that wait for a free place, those with the higher priority start first; equal ones in the order of their calls.
    /// </summary>
    public int Priority { get; init; }
}
