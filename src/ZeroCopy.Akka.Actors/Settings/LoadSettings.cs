namespace ZeroCopy.Actors.Settings;

/// <summary>How an inference actor retries to load its model; the HOCON is <c>load</c> of a pool.</summary>
public sealed record LoadSettings
{
    /// <summary>Attempts before calls fail with <see cref="ZeroCopy.Errors.InferenceFailure.LoadFailed"/>.</summary>
    public int Attempts { get; init; } = 5;

    /// <summary>Pause after the first failed attempt; it doubles with each further one.</summary>
    public TimeSpan MinBackoff { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest pause, and the pause between attempts after the last one.</summary>
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The pause after the given number of failed attempts.</summary>
    internal TimeSpan Backoff(int failed)
    {
        var pause = MinBackoff.TotalMilliseconds * Math.Pow(2, Math.Min(failed - 1, 30));
        return failed >= Attempts || pause > MaxBackoff.TotalMilliseconds ? MaxBackoff : TimeSpan.FromMilliseconds(pause);
    }
}
