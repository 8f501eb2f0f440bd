using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Tasks;

/// <summary>When a task that failed is tried again. Its deadline goes on meanwhile.</summary>
public sealed record RetryPolicy
{
    /// <summary>One attempt.</summary>
    public static RetryPolicy None { get; } = new();

    /// <summary>Attempts in all, the first included; at least 1.</summary>
    public int Attempts { get; init; } = 1;

    /// <summary>Pause after the first failed attempt; it doubles with each further one.</summary>
    public TimeSpan Backoff { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Which failures are tried again; by default a model's error and a failed load.</summary>
    public Func<Exception, bool> Retries { get; init; } = static failure =>
        failure is InferenceException { Failure: InferenceFailure.ModelError or InferenceFailure.LoadFailed };

    internal bool ShouldRetry(Exception failure, int attemptsMade) => attemptsMade < Attempts && Retries(failure);

    internal TimeSpan PauseAfter(int attemptsMade) => Backoff * Math.Pow(2, Math.Min(attemptsMade - 1, 20));
}
