using ZeroCopy.Actors.Calls;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Clocks;
using ZeroCopy.Runtime;

namespace ZeroCopy.Actors.Batching;

/// <summary>
/// Collects calls on the callers' threads and hands full, due or urgent batches on, and others as soon as an actor is idle. One timer
/// serves all batches. Thread-safe.
/// </summary>
/// <remarks>
/// Not an actor: a mailbox would add a hop to every request, and there is nothing to supervise. Joining, which copies, is left to the actor
/// that runs the batch.
/// </remarks>
internal sealed class MicroBatcher : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<BatchGroup, BatchAssembler> _open = [];
    private readonly BatchingSettings _settings;
    private readonly IBatchCodec _codec;
    private readonly JoinedKinds _kinds;
    private readonly TimeProvider _clock;
    private readonly Action<object> _send;
    private readonly ITimer _timer;
    private readonly Func<int> _actors;
    private long _timerDueAt = long.MaxValue;
    private int _running;

    /// <summary>A batcher without calls.</summary>
    /// <param name="settings">When a batch is sent.</param>
    /// <param name="codec">What joins.</param>
    /// <param name="kinds">What is known of joining.</param>
    /// <param name="actors">How many actors can compute now.</param>
    /// <param name="clock">Measures delays and deadlines.</param>
    /// <param name="send">Sends a batch, or a call alone, to an actor.</param>
    public MicroBatcher(
        BatchingSettings settings, IBatchCodec codec, JoinedKinds kinds, Func<int> actors, TimeProvider clock, Action<object> send)
    {
        _actors = actors;
        _settings = settings;
        _codec = codec;
        _kinds = kinds;
        _clock = clock;
        _send = send;
        _timer = clock.CreateTimer(
            static batcher => ((MicroBatcher)batcher!).FlushDue(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Which requests this one can be joined with, and how many rows it has; null for one that is run alone.</summary>
    public BatchKind? Describe(object? argument, string? hashKey)
    {
        try
        {
            return _codec.TryDescribe(argument, out var rows, out var key)
                ? new BatchKind(key, new BatchGroup(_codec.GroupOf(key), hashKey), rows)
                : null;
        }
        catch (Exception)
        {
            // An argument that cannot even be looked at, such as a disposed tensor: the call goes on alone and fails with the model's
            // error.
            return null;
        }
    }

    /// <summary>Takes a call that was admitted; one of a kind whose joined answers were seen to differ goes on alone at once.</summary>
    public void Add(InferenceCall call, BatchKind kind)
    {
        if (_kinds.IsRefused(kind.Key))
        {
            call.Telemetry.Unjoined(1);
            _send(call);
            return;
        }

        CallBatch? before = null;
        CallBatch? full = null;
        lock (_lock)
        {
            if (!_open.TryGetValue(kind.Group, out var batch))
            {
                _open[kind.Group] = batch = new BatchAssembler(_settings, _clock);
            }

            if (!batch.Fits(kind.Rows))
            {
                before = batch.Take();
            }

            batch.Add(call, kind);
            if (batch.IsFull || HasIdleActor)
            {
                full = batch.Take();
                // Groups come from callers: an idle one is forgotten, or hostile shapes would fill the memory.
                _open.Remove(kind.Group);
            }
            else if (batch.DueAt < _timerDueAt)
            {
                Schedule(batch.DueAt);
            }
        }

        Send(before);
        Send(full);
    }

    /// <summary>Hands on what waits while actors are idle, which may have become ready a moment ago.</summary>
    public void UseIdle()
    {
        while (TakeForIdle() is { } next)
        {
            Send(next);
        }
    }

    /// <summary>Hands on everything that waits, due or not.</summary>
    public void FlushAll() => Flush(long.MaxValue);

    public void Dispose() => _timer.Dispose();

    // Batches that are full or due wait at their actors, and count as running.
    private bool HasIdleActor => _settings.Adaptive && _running < _actors();

    /// <summary>An actor has come to the end of a batch.</summary>
    private void Ended()
    {
        Interlocked.Decrement(ref _running);
        UseIdle();
    }

    /// <summary>The batch that has waited longest, where an actor is idle; else null.</summary>
    private CallBatch? TakeForIdle()
    {
        lock (_lock)
        {
            CallBatch? next = null;
            while (next is null && _open.Count > 0 && HasIdleActor)
            {
                var (group, batch) = _open.MinBy(open => open.Value.DueAt);
                next = batch.Take();
                _open.Remove(group);
            }

            return next;
        }
    }

    private void FlushDue() => Flush(_clock.GetTimestamp());

    private void Flush(long until)
    {
        List<CallBatch> ready = [];
        lock (_lock)
        {
            var next = long.MaxValue;
            foreach (var (key, batch) in _open)
            {
                if (batch.DueAt > until)
                {
                    next = Math.Min(next, batch.DueAt);
                    continue;
                }

                if (batch.Take() is { } due)
                {
                    ready.Add(due);
                }

                _open.Remove(key);
            }

            Schedule(next);
        }

        ready.ForEach(Send);
    }

    private void Schedule(long dueAt)
    {
        _timerDueAt = dueAt;
        if (dueAt != long.MaxValue)
        {
            _timer.Change(Durations.TimerStep(_clock.GetElapsedTime(_clock.GetTimestamp(), dueAt)), Timeout.InfiniteTimeSpan);
        }
    }

    private void Send(CallBatch? batch)
    {
        if (batch is not null)
        {
            if (_settings.Adaptive)
            {
                Interlocked.Increment(ref _running);
                batch.OnEnd(Ended);
            }

            _send(batch);
        }
    }
}
