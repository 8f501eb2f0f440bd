using ZeroCopy.Actors.Telemetry;
using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Calls;

/// <summary>
/// The calls that a pool or the task runner has admitted and not finished: bounds them, and drains them at the end. Thread-safe.
/// Invariant: admitted == retired + <see cref="Count"/>.
/// </summary>
/// <remarks>
/// A call that is given up while it waits counts until whoever reaches it in the queue retires it: until then its message is in a mailbox
/// and holds its argument, and the bound on calls is a bound on those too.
/// </remarks>
internal sealed class CallLedger(string owner, int capacity, string settings, TimeProvider clock)
{
    private readonly CallSet _calls = new();
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count;
    private volatile bool _closed;

    /// <summary>Who serves the calls, for messages and metrics.</summary>
    public string Owner { get; } = owner;

    public TimeProvider Clock { get; } = clock;

    /// <summary>Calls that are queued or running.</summary>
    public int Count => Volatile.Read(ref _count);

    public bool IsClosed => _closed;

    public string DeadlineSetting => $"{settings}.deadline";

    /// <summary>Admits a call and starts its clock; a call that is refused is answered with the reason and retired.</summary>
    public bool TryEnter(InferenceCall call)
    {
        if (Admit(call) is { } refusal)
        {
            call.Refuse(refusal);
            return false;
        }

        Instruments.Entered(Owner);
        call.Arm();
        return true;
    }

    /// <summary>Only for <see cref="InferenceCall.Retire"/>.</summary>
    public void Leave(InferenceCall call)
    {
        // Before the place is free: who sees that nothing is pending has the measurements of all that was.
        Instruments.Left(Owner, Clock, call.StartedAt);
        if (CallSet.Remove(call))
        {
            LeavePlace();
        }
    }

    /// <summary>
    /// Takes no more calls and waits for those there are, up to <paramref name="limit"/>; then fails the rest. True where none was left.
    /// </summary>
    public async Task<bool> CloseAsync(TimeSpan limit)
    {
        _calls.Close();
        _closed = true;
        // First closed, then counted, as the last one to leave first counts: one of them sees that nothing is left.
        Interlocked.MemoryBarrier();
        CompleteIfEmpty();
        try
        {
            await _empty.Task.WaitAsync(limit, Clock).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            FailAll(InferenceFailure.ShuttingDown);
            return false;
        }
    }

    /// <summary>Gives up every call that is left.</summary>
    public void FailAll(InferenceFailure failure)
    {
        foreach (var call in _calls.ToList())
        {
            call.Abandon(failure);
        }
    }

    /// <summary>Retires calls that no actor is left to retire: their messages went down with the mailboxes.</summary>
    public void RetireAll()
    {
        foreach (var call in _calls.ToList())
        {
            call.Fail(new InferenceException(InferenceFailure.ShuttingDown, $"{Owner} shuts down: a call was not finished in time."));
            call.Retire();
        }
    }

    private InferenceException? Admit(InferenceCall call)
    {
        if (IsClosed)
        {
            return ShuttingDown();
        }

        if (!TryTakePlace())
        {
            return Overloaded();
        }

        // Closed since.
        if (!_calls.TryAdd(call))
        {
            LeavePlace();
            return ShuttingDown();
        }

        return null;
    }

    private InferenceException ShuttingDown() => new(InferenceFailure.ShuttingDown, $"{Owner} shuts down and takes no more calls.");

    private InferenceException Overloaded() => new(
        InferenceFailure.Overloaded, $"{Owner} has {capacity} calls queued or running and takes no more; "
        + $"send fewer at a time or raise {settings}.queue-capacity.");

    private bool TryTakePlace()
    {
        var count = Volatile.Read(ref _count);
        while (count < capacity)
        {
            var seen = Interlocked.CompareExchange(ref _count, count + 1, count);
            if (seen == count)
            {
                return true;
            }

            count = seen;
        }

        return false;
    }

    private void LeavePlace()
    {
        Interlocked.Decrement(ref _count);
        CompleteIfEmpty();
    }

    private void CompleteIfEmpty()
    {
        if (_closed && Count == 0)
        {
            _empty.TrySetResult();
        }
    }
}
