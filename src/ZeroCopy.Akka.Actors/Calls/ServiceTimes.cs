using ZeroCopy.Clocks;
using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Calls;

/// <summary>
/// How long a model's calls take, and with that which ones in a queue are too late: under overload a queue would else serve every call
/// just when its deadline passes, and answer none. Thread-safe.
/// </summary>
internal sealed class ServiceTimes(TimeProvider clock)
{
    // The last calls count most, a call's deviation a quarter and its time an eighth: as senders of TCP learn how long receipts take.
    private const double MeanShare = 1 / 8d;
    private const double DeviationShare = 1 / 4d;
    private const double Deviations = 4;

    // Of a call's time, where all take the same: what is run in the last moment is late by chance.
    private const double LeastMargin = 1 / 4d;

    private readonly Lock _lock = new();
    private double _mean;
    private double _deviation;
    private long? _lastEnd;

    /// <summary>Notes a run that ended now.</summary>
    public void Add(long startedAt)
    {
        lock (_lock)
        {
            var first = _lastEnd is null;
            var end = clock.GetTimestamp();
            var time = clock.GetElapsedTime(startedAt, end).TotalMilliseconds;
            _deviation += first ? time / 2 : DeviationShare * (Math.Abs(time - _mean) - _deviation);
            _mean += first ? time : MeanShare * (time - _mean);
            _lastEnd = end;
        }
    }

    /// <summary>
    /// Fails a call that has waited for others until its deadline leaves less time than a call takes. One that did not wait for a run, or
    /// that could not be in time without waiting, is run: what is known of the times may be out of date, and is renewed by it.
    /// </summary>
    /// <returns>Whether it is answered.</returns>
    public bool TryFailLate(InferenceCall call)
    {
        if (call.Deadline is not { } deadline)
        {
            return false;
        }

        TimeSpan needed;
        lock (_lock)
        {
            if (_lastEnd is null || call.StartedAt >= _lastEnd)
            {
                return false;
            }

            // The times of one model may differ by far: half of the deadline is not given up for that.
            var margin = Math.Max(Deviations * _deviation, LeastMargin * _mean);
            var least = Math.Max((1 + LeastMargin) * _mean, deadline.TotalMilliseconds / 2);
            needed = TimeSpan.FromMilliseconds(Math.Min(_mean + margin, least));
        }

        var waited = clock.GetElapsedTime(call.StartedAt);
        if (needed > deadline || deadline - waited >= needed)
        {
            return false;
        }

        call.Fail(new InferenceException(
            InferenceFailure.DeadlineExceeded,
            $"A call to {call.Owner} waited {waited.TotalMilliseconds:F0} ms of its deadline of {Durations.Text(deadline)}, and calls take "
            + $"up to {needed.TotalMilliseconds:F0} ms: too late to be answered in time; send fewer at a time, or have more actors.")
        {
            // It never ran: what is left of its time would have been no use to it.
            Waited = deadline,
        });
        return true;
    }
}
