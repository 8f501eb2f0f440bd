using System.Globalization;

namespace ZeroCopy.Clocks;

/// <summary>
/// What a duration of the API, of HOCON, of a command line or of a message may be. A <em>limit</em> says how long something may take: any
/// length counts, <see cref="Timeout.InfiniteTimeSpan"/> is none, and zero or less has passed already. A <em>pause</em> is waited out: from
/// zero to <see cref="LongestPause"/>.
/// </summary>
internal static class Durations
{
    /// <summary>Timers of .NET wait up to 49.7 days.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromDays(49);

    /// <summary>What error messages say about a pause above zero.</summary>
    public const string AboveZero = "above zero and at most 49 days";

    /// <summary>A duration as messages have it, such as <c>30 ms</c>, <c>1.5 s</c> or <c>5 min</c>; none is any time.</summary>
    public static string Text(TimeSpan? time)
    {
        if (OrNone(time) is not { } limit)
        {
            return "any time";
        }

        var (number, unit) =
            limit < TimeSpan.FromSeconds(1) ? (limit.TotalMilliseconds, "ms")
            : limit < TimeSpan.FromMinutes(2) ? (limit.TotalSeconds, "s")
            : limit < TimeSpan.FromHours(2) ? (limit.TotalMinutes, "min")
            : (limit.TotalHours, "h");
        return string.Create(CultureInfo.InvariantCulture, $"{number:0.###} {unit}");
    }

    /// <summary>Null for a limit that is none.</summary>
    public static TimeSpan? OrNone(TimeSpan? limit) => limit == Timeout.InfiniteTimeSpan ? null : limit;

    /// <summary>Whether settings may have it as a limit: one that has passed before it begins would fail everything.</summary>
    public static bool IsLimit(TimeSpan limit) => limit == Timeout.InfiniteTimeSpan || limit > TimeSpan.Zero;

    /// <summary>Whether it can be waited out.</summary>
    public static bool IsPause(TimeSpan pause) => pause >= TimeSpan.Zero && pause <= LongestPause;

    /// <summary>Whether it can be waited out and takes any time.</summary>
    public static bool IsPauseAboveZero(TimeSpan pause) => pause != TimeSpan.Zero && IsPause(pause);

    /// <summary>
    /// What a timer can be set to for the time that is left: timers count whole milliseconds, and an early one would have to be set again.
    /// </summary>
    public static TimeSpan TimerStep(TimeSpan left) =>
        left <= TimeSpan.Zero ? TimeSpan.Zero
        : left >= LongestPause ? LongestPause
        : TimeSpan.FromMilliseconds((long)Math.Ceiling(left.TotalMilliseconds));

    /// <summary>What a timer of .NET or of Akka is set to for a limit: none where the limit is none or longer than timers wait.</summary>
    public static TimeSpan TimerOf(TimeSpan limit) =>
        OrNone(limit) is null || limit > LongestPause ? Timeout.InfiniteTimeSpan : TimerStep(limit);

    /// <summary>The timestamp so long after another one; the last there is where it lies beyond.</summary>
    public static long After(this TimeProvider clock, long timestamp, TimeSpan time)
    {
        var later = timestamp + (Int128)time.Ticks * clock.TimestampFrequency / TimeSpan.TicksPerSecond;
        return later > long.MaxValue ? long.MaxValue : (long)later;
    }

    /// <summary>Waits for a task up to a limit.</summary>
    /// <exception cref="TimeoutException">The limit has passed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static async Task WaitAsync(Task task, TimeSpan limit, TimeProvider clock, CancellationToken cancellationToken = default)
    {
        if (OrNone(limit) is null)
        {
            await task.WaitAsync(cancellationToken).ConfigureAwait(false);
            return;
        }

        var late = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var alarm = new Alarm(clock, limit, static late => ((TaskCompletionSource)late!).TrySetResult(), late);
        if (await Task.WhenAny(task, late.Task).WaitAsync(cancellationToken).ConfigureAwait(false) != task && !task.IsCompleted)
        {
            throw new TimeoutException($"It took longer than {Text(limit)}.");
        }

        await task.ConfigureAwait(false);
    }
}
