using ZeroCopy.Clocks;
using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Tasks;

/// <summary>When a task that failed is tried again. Its deadline goes on meanwhile.</summary>
public sealed record RetryPolicy
{
    /// <summary>One attempt.</summary>
    public static RetryPolicy None { get; } = new();

    /// <summary>Attempts in all, the first included; at least 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    public int Attempts
    {
        get;
        init => field = value >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Attempts), value, "A task has one attempt or more.");
    }
    = 1;

    /// <summary>Pause after the first failed attempt, from zero to 49 days; it doubles with each further one, up to that.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below zero or above 49 days.</exception>
    public TimeSpan Backoff
    {
        get;
        init => field = Durations.IsPause(value)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Backoff), value, $"A pause is zero, or {Durations.AboveZero}.");
    }
    = TimeSpan.FromMilliseconds(50);

    /// <summary>Which failures are tried again; by default a model's error and a failed load.</summary>
    public Func<Exception, bool> Retries { get; init; } = static failure =>
        failure is InferenceException { Failure: InferenceFailure.ModelError or InferenceFailure.LoadFailed };

    internal bool ShouldRetry(Exception failure, int attemptsMade) => attemptsMade < Attempts && Retries(failure);

    internal TimeSpan PauseAfter(int attemptsMade)
    {
        var pause = Backoff.TotalMilliseconds * Math.Pow(2, Math.Min(attemptsMade - 1, 20));
        return pause < Durations.LongestPause.TotalMilliseconds ? TimeSpan.FromMilliseconds(pause) : Durations.LongestPause;
    }
}
