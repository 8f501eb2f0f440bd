namespace ZeroCopy.Clustering.Nodes;

/// <summary>
/// When a node lists its models, and who waits for it. One listing at a time, which serves all who asked before it began; and none for some
/// times as long as the last one took, so that listings never take more of a processor than a part of that, however many models come and
/// go. For one actor alone.
/// </summary>
internal sealed class ListingPace(TimeProvider clock)
{
    // A listing takes longer the more models there are.
    private const int TimesItsLength = 10;

    private List<TaskCompletionSource> _waiting = [];
    private List<TaskCompletionSource> _served = [];
    private long _since;
    private TimeSpan _pause;

    /// <summary>Whether a listing is under way.</summary>
    public bool IsListing { get; private set; }

    /// <summary>Whether another listing is needed: one was asked for during the last, or that failed.</summary>
    public bool IsStale { get; private set; }

    /// <summary>How long the next listing has to wait; nothing or less where it may begin.</summary>
    public TimeSpan Pause => _pause - clock.GetElapsedTime(_since);

    /// <summary>Waits for the next listing that begins.</summary>
    public void Wait(TaskCompletionSource told) => _waiting.Add(told);

    /// <summary>The listing that is under way comes too early for somebody.</summary>
    public void AskAgain() => IsStale = true;

    /// <summary>A listing begins.</summary>
    public void Begin()
    {
        (IsListing, IsStale, _since) = (true, false, clock.GetTimestamp());
        (_served, _waiting) = (_waiting, _served);
    }

    /// <summary>The listing has ended.</summary>
    public void End() => End(isStale: IsStale, told => told.TrySetResult());

    /// <summary>The listing has failed, and is needed again.</summary>
    public void Fail(Exception cause) => End(isStale: true, told => told.TrySetException(cause));

    private void End(bool isStale, Action<TaskCompletionSource> tell)
    {
        var now = clock.GetTimestamp();
        (IsListing, IsStale, _pause, _since) = (false, isStale, TimesItsLength * clock.GetElapsedTime(_since, now), now);
        _served.ForEach(tell);
        _served.Clear();
    }
}
