namespace ZeroCopy.Actors.Tests.Fakes;

/// <summary>A clock whose timers do something before they are there, and count how many are.</summary>
internal sealed class BrokenClock(Action onTimer) : TimeProvider
{
    private int _timers;

    /// <summary>Timers that were made and not disposed.</summary>
    public int Timers => Volatile.Read(ref _timers);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        onTimer();
        Interlocked.Increment(ref _timers);
        return new Counted(this);
    }

    private sealed class Counted(BrokenClock clock) : ITimer
    {
        private int _disposed;

        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _disposed, 1) == 0)
            {
                Interlocked.Decrement(ref clock._timers);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }
}
