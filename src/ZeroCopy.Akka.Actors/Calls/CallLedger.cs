using System.Diagnostics.CodeAnalysis;
using ZeroCopy.Actors.Telemetry;
using ZeroCopy.Clocks;
using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Calls;

/// <summary>
/// The calls that a pool or the task runner has admitted and not finished: bounds them, and drains them at the end. Thread-safe.
/// Invariant: admitted == retired + <see cref="Count"/>.
/// </summary>
/// <remarks>
/// A call that is given up while it waits leaves at once, and nobody is refused for its sake; its message stays in its queue until that is
/// reached, without the argument. One that is given up while the model computes keeps its place until that has ended, and no drain waits
/// long for it.
/// </remarks>
internal sealed class CallLedger(string owner, int capacity, string settings, TimeProvider clock)
{
    /// <summary>
    /// Most messages of calls that left while they waited: a model that never ends would have them pile up. A few hundred bytes each.
    /// </summary>
    private readonly long _mostLeftBehind = 4L * Math.Max(capacity, 1024);

    /// <summary>
    /// How long a drain waits for a model that nobody waits for: most are done in that time, and what they hold is then back when it ends.
    /// </summary>
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(500);

    private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly WaitOrder _waits = new();
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private InferenceCall? _first;
    private int _count;
    private int _unwanted;
    private long _leftBehind;
    private volatile bool _closed;

    /// <summary>Who serves the calls, for messages.</summary>
    public string Owner { get; } = owner;

    /// <summary>What is measured of the calls.</summary>
    public ModelTelemetry Telemetry { get; init; } = new(owner);

    public TimeProvider Clock { get; } = clock;

    /// <summary>Calls that are queued or running.</summary>
    public int Count => Volatile.Read(ref _count);

    public bool IsClosed => _closed;

    public string DeadlineSetting => $"{settings}.deadline";

    /// <summary>
    /// Admits a call, starts its clock and sends it on its way. One that is refused, that ends meanwhile, or that cannot be sent is
    /// answered and retired.
    /// </summary>
    /// <returns>The promise of its answer.</returns>
    public Task<object?> Submit<TState>(InferenceCall call, TState state, Action<InferenceCall, TState> send)
    {
        var entered = false;
        try
        {
            call.BeginTrace();
            entered = TryEnter(call, out var refusal);
            if (!entered)
            {
                call.Refuse(refusal!);
                return call.Task;
            }

            Telemetry.Entered();
            call.Arm();
            if (!call.IsAnswered)
            {
                send(call, state);
                return call.Task;
            }
        }
        catch (Exception e)
        {
            var reason = ModelFailure.Unexpected(e, Owner);
            if (!entered)
            {
                call.Refuse(reason);
                return call.Task;
            }

            call.Fail(reason);
        }

        call.Retire();
        return call.Task;
    }

    /// <summary>Only for a call that is retired: its place is free. Its message may lie in a queue that has not been reached.</summary>
    public void Leave(InferenceCall call, bool leftBehind)
    {
        // Before the place is free: who sees that nothing is pending has the measurements of all that was.
        Telemetry.Left(Clock, call.StartedAt);
        lock (_lock)
        {
            ref var entry = ref call.Entry;
            if (entry.Before is { } before)
            {
                before.Entry.Behind = entry.Behind;
            }
            else
            {
                _first = entry.Behind;
            }

            if (entry.Behind is { } behind)
            {
                behind.Entry.Before = entry.Before;
            }

            // An answered call that somebody holds must not hold others.
            entry.Before = entry.Behind = null;
            _count--;
            if (entry.IsUnwanted)
            {
                _unwanted--;
            }

            entry.IsLeftBehind = leftBehind && !entry.IsReached;
            _leftBehind += entry.IsLeftBehind ? 1 : 0;
            CompleteIfEmpty();
        }
    }

    /// <summary>Only for a call that has left: its message was taken off its queue.</summary>
    public void Reach(InferenceCall call)
    {
        lock (_lock)
        {
            ref var entry = ref call.Entry;
            _leftBehind -= entry.IsLeftBehind ? 1 : 0;
            entry.IsLeftBehind = false;
            entry.IsReached = true;
        }
    }

    /// <summary>Only for a call that is answered while the model computes: nobody waits for it any more.</summary>
    public void GiveUp(InferenceCall call)
    {
        lock (_lock)
        {
            if (!call.IsRetired)
            {
                call.Entry.IsUnwanted = true;
                _unwanted++;
                CompleteIfEmpty();
            }
        }
    }

    /// <summary>Takes no more calls.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _closed = true;
            CompleteIfEmpty();
        }
    }

    /// <summary>
    /// Takes no more calls and waits for those that somebody waits for, up to <paramref name="limit"/>; then fails the rest. Waits a moment
    /// for a model that still computes what was given up.
    /// </summary>
    public async Task CloseAsync(TimeSpan limit)
    {
        Close();
        try
        {
            await Durations.WaitAsync(_answered.Task, limit, Clock).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            FailAll(InferenceFailure.ShuttingDown);
            return;
        }

        try
        {
            await Durations.WaitAsync(_empty.Task, Linger, Clock).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // Whoever closed it sees how many are left.
        }
    }

    /// <summary>Gives up every call that is left.</summary>
    public void FailAll(InferenceFailure failure)
    {
        foreach (var call in Calls())
        {
            call.Abandon(failure);
        }
    }

    /// <summary>
    /// Retires calls that no actor is left to retire: their messages went down with the mailboxes. One that an asynchronous function has is
    /// given up, and its end is the function's, which reads the argument until then.
    /// </summary>
    public void RetireAll()
    {
        foreach (var call in Calls())
        {
            var reason = new InferenceException(
                InferenceFailure.ShuttingDown, $"{Owner} has stopped, and with it the actors that would have served a call.");
            if (call.OutlivesActor)
            {
                call.Abandon(reason);
            }
            else
            {
                call.Fail(reason);
                call.Retire();
            }
        }
    }

    private bool TryEnter(InferenceCall call, [NotNullWhen(false)] out InferenceException? refusal)
    {
        if (FunctionScope.Current?.Pool is { } caller && !caller._waits.TryFor(_waits))
        {
            refusal = Circular(caller);
            return false;
        }

        lock (_lock)
        {
            refusal = IsClosed ? ShuttingDown() : _count >= capacity ? Overloaded() : _leftBehind >= _mostLeftBehind ? Stuck() : null;
            if (refusal is not null)
            {
                return false;
            }

            call.Entry.Behind = _first;
            if (_first is not null)
            {
                _first.Entry.Before = call;
            }

            _first = call;
            _count++;
            return true;
        }
    }

    private List<InferenceCall> Calls()
    {
        List<InferenceCall> calls = [];
        lock (_lock)
        {
            for (var call = _first; call is not null; call = call.Entry.Behind)
            {
                calls.Add(call);
            }
        }

        return calls;
    }

    private void CompleteIfEmpty()
    {
        if (_closed && _count == _unwanted)
        {
            _answered.TrySetResult();
        }

        if (_closed && _count == 0)
        {
            _empty.TrySetResult();
        }
    }

    private InferenceException ShuttingDown() =>
        new(InferenceFailure.ShuttingDown, $"{Owner} shuts down and takes no more calls.") { NeverRan = true };

    private InferenceException Circular(CallLedger caller) => new(
        InferenceFailure.CircularCall,
        $"The function of {caller.Owner} called {Owner}" + (caller == this ? "" : $", whose function calls {caller.Owner}")
        + ", so that calls could wait for each other for ever; call the module itself in the function, or start a pool of another name "
        + "for the inner calls.");

    private InferenceException Overloaded() => new(
        InferenceFailure.Overloaded, $"{Owner} has {capacity} calls queued or running and takes no more; "
        + $"send fewer at a time or raise {settings}.queue-capacity.");

    private InferenceException Stuck() => new(
        InferenceFailure.Overloaded, $"{Owner} has computed for so long that {_mostLeftBehind} calls were given up behind those that run; "
        + $"it takes no more until it comes to them. Their number is bounded by {settings}.queue-capacity.");

    /// <summary>What the ledger knows of a call. Changes only under its lock.</summary>
    internal struct CallEntry
    {
        public InferenceCall? Before;
        public InferenceCall? Behind;

        /// <summary>Running, and nobody waits.</summary>
        public bool IsUnwanted;

        /// <summary>It has left, and its message lies in a queue.</summary>
        public bool IsLeftBehind;

        /// <summary>It has left, and its message was taken off its queue.</summary>
        public bool IsReached;
    }
}
