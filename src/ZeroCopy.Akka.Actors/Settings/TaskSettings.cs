namespace ZeroCopy.Actors.Settings;

/// <summary>Settings of task mode; the HOCON root is <c>zerocopy.tasks</c>.</summary>
public sealed record TaskSettings
{
    /// <summary>Configuration path of the dispatcher that task actors compute on.</summary>
    public const string Dispatcher = "zerocopy.tasks.dispatcher";

    /// <summary>Configuration path of the mailbox of task actors.</summary>
    internal const string Mailbox = "zerocopy.tasks.mailbox";

    /// <summary>Most tasks that run at the same time.</summary>
    public int MaxConcurrency { get; init; } = Environment.ProcessorCount;

    /// <summary>Whether tasks compute on the .NET thread pool, which others await on too.</summary>
    internal bool UsesThreadPool { get; init; } = true;

    /// <summary>Most tasks that wait or run.</summary>
    public int QueueCapacity { get; init; } = 4096;

    /// <summary>Time from call to answer where the caller gives none; null for no limit.</summary>
    public TimeSpan? Deadline { get; init; }

    /// <summary>How long a shutdown lets tasks finish.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(4);
}
