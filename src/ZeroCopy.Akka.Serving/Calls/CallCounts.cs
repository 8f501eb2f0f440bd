namespace ZeroCopy.Serving.Calls;

/// <summary>Counts of one model's calls, each a number of calls and the time that they took together. Thread-safe.</summary>
internal sealed class CallCounts(TimeProvider clock)
{
    private readonly Lock _lock = new();
    private long _lastCall = clock.GetTimestamp();
    private long _lastMilliseconds;
    private (long Count, TimeSpan Time) _success;
    private (long Count, TimeSpan Time) _fail;
    private double _executions;
    private TimeSpan _input;
    private TimeSpan _queue;
    private TimeSpan _infer;
    private TimeSpan _output;

    /// <summary>The clock's timestamp of when the last call ended, answered or not; before any has, of when counting began.</summary>
    public long LastCall
    {
        get
        {
            lock (_lock)
            {
                return _lastCall;
            }
        }
    }

    /// <summary>A call was answered.</summary>
    /// <param name="input">Time to read the request.</param>
    /// <param name="queue">Time of the call before its model began.</param>
    /// <param name="infer">Time of the call from then on.</param>
    /// <param name="output">Time to send the answer.</param>
    /// <param name="joined">Calls that the model answered together with it, itself among them; 0 for none.</param>
    public void Succeeded(TimeSpan input, TimeSpan queue, TimeSpan infer, TimeSpan output, int joined)
    {
        lock (_lock)
        {
            _lastCall = clock.GetTimestamp();
            _lastMilliseconds = clock.GetUtcNow().ToUnixTimeMilliseconds();
            _executions += 1.0 / Math.Max(joined, 1);
            _success = (_success.Count + 1, _success.Time + input + queue + infer + output);
            (_input, _queue, _infer, _output) = (_input + input, _queue + queue, _infer + infer, _output + output);
        }
    }

    /// <summary>A call was not answered.</summary>
    public void Failed(TimeSpan time)
    {
        lock (_lock)
        {
            _lastCall = clock.GetTimestamp();
            _fail = (_fail.Count + 1, _fail.Time + time);
        }
    }

    /// <summary>The counts until now.</summary>
    public CallTotals Read()
    {
        lock (_lock)
        {
            return new CallTotals(
                _lastMilliseconds,
                (long)Math.Round(_executions),
                new CallTime(_success.Count, _success.Time),
                new CallTime(_fail.Count, _fail.Time),
                new CallTime(_success.Count, _queue),
                new CallTime(_success.Count, _input),
                new CallTime(_success.Count, _infer),
                new CallTime(_success.Count, _output));
        }
    }
}
