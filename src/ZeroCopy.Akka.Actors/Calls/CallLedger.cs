using System.Collections.Concurrent;
using System.Diagnostics;
using ZeroCopy.Actors.Telemetry;
using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Calls;

/// <summary>
/// The calls that a pool or the task runner has admitted and not finished: bounds them, and drains them at the end. Thread-safe.
/// Invariant: admitted == retired + <see cref="Count"/>.
/// </summary>
internal sealed class CallLedger(string owner, int capacity, string settings, TimeProvider clock, Action<object?>? release)
{
    private readonly ConcurrentDictionary<InferenceCall, byte> _calls = new();
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count;
    private int _closed;

    /// <summary>Who serves the calls, for messages and metrics.</summary>
    public string Owner { get; } = owner;

    public TimeProvider Clock { get; } = clock;

    /// <summary>Calls that are queued or running.</summary>
    public int Count => Volatile.Read(ref _count);

    public bool IsClosed => Volatile.Read(ref _closed) != 0;

    public string DeadlineSetting => $"{settings}.deadline";

    /// <summary>Admits a call and starts its clock; a call that is refused is answered with the reason and retired.</summary>
    public bool TryEnter(InferenceCall call)
    {
        var count = Interlocked.Increment(ref _count);
        _calls.TryAdd(call, 0);
        if (IsClosed)
        {
            Refuse(call, new InferenceException(InferenceFailure.ShuttingDown, $"{Owner} shuts down and takes no more calls."));
            return false;
        }

        if (count > capacity)
        {
            Refuse(call, new InferenceException(
                InferenceFailure.Overloaded, $"{Owner} has {count - 1} calls queued or running and takes no more than {capacity}; "
                + $"send fewer at a time or raise {settings}.queue-capacity."));
            return false;
        }

        Instruments.Entered(Owner);
        call.Arm();
        return true;
    }

    /// <summary>Only for <see cref="InferenceCall.Retire"/>.</summary>
    public void Leave(InferenceCall call)
    {
        if (_calls.TryRemove(call, out _))
        {
            Instruments.Left(Owner, Clock.GetElapsedTime(call.StartedAt));
            GiveBackPlace();
        }
    }

    /// <summary>Releases the native memory behind an argument or an answer.</summary>
    public void Release(object? value)
    {
        if (release is not null)
        {
            release(value);
        }
        else
        {
            (value as IDisposable)?.Dispose();
        }
    }

    /// <summary>
    /// Takes no more calls and waits for those there are, up to <paramref name="limit"/>; then fails the rest. True where none was left.
    /// </summary>
    public async Task<bool> CloseAsync(TimeSpan limit)
    {
        Interlocked.Exchange(ref _closed, 1);
        if (Count == 0)
        {
            _empty.TrySetResult();
        }

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
        foreach (var (call, _) in _calls)
        {
            call.Abandon(failure);
        }
    }

    /// <summary>Retires calls that no actor is left to retire: their messages went down with the mailboxes.</summary>
    public void RetireAll()
    {
        foreach (var (call, _) in _calls)
        {
            call.Fail(new InferenceException(InferenceFailure.ShuttingDown, $"{Owner} shuts down: a call was not finished in time."));
            call.Retire();
        }
    }

    /// <summary>A refused call counts as failed, and neither as pending nor with its duration.</summary>
    private void Refuse(InferenceCall call, InferenceException reason)
    {
        _calls.TryRemove(call, out _);
        GiveBackPlace();
        call.Fail(reason);
        call.Retire();
    }

    private void GiveBackPlace()
    {
        var left = Interlocked.Decrement(ref _count);
        Debug.Assert(left >= 0, "A call left the ledger twice.");
        if (left == 0 && IsClosed)
        {
            _empty.TrySetResult();
        }
    }
}
