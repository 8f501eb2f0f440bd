namespace ZeroCopy.Clocks;

/// <summary>
/// Runs an action once when a limit has passed, of whatever length, and never before: timers alone are bounded and round. Thread-safe.
/// </summary>
internal sealed class Alarm : IDisposable
{
    private readonly TimeProvider _clock;
    private readonly TimeSpan _limit;
    private readonly Action<object?> _action;
    private readonly object? _state;
    private readonly long _from;
    private readonly ITimer? _timer;

    /// <summary>Counts from now; a limit that has passed already runs the action before this returns.</summary>
    public Alarm(TimeProvider clock, TimeSpan limit, Action<object?> action, object? state)
    {
        _clock = clock;
        _limit = limit;
        _action = action;
        _state = state;
        if (Durations.OrNone(limit) is null)
        {
            return;
        }

        if (limit <= TimeSpan.Zero)
        {
            action(state);
            return;
        }

        _from = clock.GetTimestamp();
        // Set when it is known here: it may ring at once.
        _timer = clock.CreateTimer(static alarm => ((Alarm)alarm!).Ring(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(Durations.TimerStep(limit), Timeout.InfiniteTimeSpan);
    }

    public void Dispose() => _timer?.Dispose();

    private void Ring()
    {
        var left = _limit - _clock.GetElapsedTime(_from);
        if (left > TimeSpan.Zero)
        {
            _timer!.Change(Durations.TimerStep(left), Timeout.InfiniteTimeSpan);
        }
        else
        {
            _action(_state);
        }
    }
}
