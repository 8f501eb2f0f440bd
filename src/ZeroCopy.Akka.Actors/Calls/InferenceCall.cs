using System.Diagnostics;
using Akka.Routing;
using ZeroCopy.Actors.Dispatch;
using ZeroCopy.Actors.Telemetry;
using ZeroCopy.Clocks;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Runtime;

namespace ZeroCopy.Actors.Calls;

/// <summary>
/// One call on its way to a model and back: the message that crosses mailboxes inside a process, and the promise of its answer.
/// Thread-safe.
/// </summary>
/// <remarks>
/// <code>
///                  TryRun (one that was joined, too)
///   Queued ──────────────────────────────► Running ──► Answered
///     │ ▲                                  │  │  │         ▲
///     │ └─────────── TryRequeue ───────────┘  │  │         │
///     │                       MarkDetached ───┘  │         │
///     │                     Detached ◄┘          │         │
///     └──── Abandon ────────────┴─ Abandon (given) ────────┘
/// </code>
/// Whoever moves the state to Answered has the answer handed over, so that it is once. Running means that the argument is read: a kept one
/// may be freed as soon as the call is answered, so it is only marked as abandoned meanwhile. Detached means that the argument is free: the
/// model reads references of the call's own to what is in it, or a join has copied its rows. Answered is Succeeded or Failed. A failure is
/// handed over at once, a result when the call is retired: the caller then has its place in the queue back. It goes on on the .NET thread
/// pool, unless settings say otherwise, see <see cref="ComputeThread"/>.
/// </remarks>
internal sealed class InferenceCall : TaskCompletionSource<object?>, IConsistentHashable, IThreadPoolWorkItem
{
    private const int Queued = 0;
    private const int Detached = 1;
    private const int Running = 2;
    private const int Failed = 3;
    private const int Succeeded = 4;

    private readonly CallLedger _ledger;
    private readonly IInstanceSource _source;
    private readonly CallTerms _terms;
    private Activity? _activity;
    private CancellationTokenRegistration _registration;
    private Alarm? _alarm;
    private ITimer? _pause;
    private Exception? _abandoned;
    private Exception? _failure;
    private object? _result;
    private long _begunAt;
    private bool _outlivesActor;
    private int _state;
    private int _retired;
    private CallLedger.CallEntry _entry;

    /// <summary>
    /// A call that <paramref name="ledger"/> counts, and whose argument and answer are of the model that <paramref name="source"/> has.
    /// </summary>
    public InferenceCall(CallLedger ledger, IInstanceSource source, object? argument, in CallTerms terms)
    {
        _ledger = ledger;
        _source = source;
        _terms = terms;
        Argument = argument;
        StartedAt = ledger.Clock.GetTimestamp();
    }

    /// <summary>Null once the call is retired.</summary>
    public object? Argument { get; private set; }

    /// <summary>Where the ledger has the call.</summary>
    public ref CallLedger.CallEntry Entry => ref _entry;

    /// <summary>Who serves the call, for messages.</summary>
    public string Owner => _ledger.Owner;

    public long StartedAt { get; }

    public TimeSpan? Deadline => _terms.Deadline;

    /// <summary>Whether nobody waits for the answer any more.</summary>
    public bool IsAnswered => IsFinal(Volatile.Read(ref _state));

    public bool IsRetired => Volatile.Read(ref _retired) != 0;

    /// <summary>Whether an asynchronous function has the call, which retires it when it ends, whatever becomes of its actor.</summary>
    public bool OutlivesActor => Volatile.Read(ref _outlivesActor);

    /// <summary>Whether the call waits and is wanted.</summary>
    public bool IsQueued => Volatile.Read(ref _state) == Queued;

    public object ConsistentHashKey => _terms.HashKey ?? StartedAt.ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>What is measured of the call.</summary>
    public ModelTelemetry Telemetry => _ledger.Telemetry;

    /// <summary>The call's trace; null where nobody listens.</summary>
    public Activity? Trace => _activity;

    /// <summary>Where its time went, when it has ended.</summary>
    public CallTimes Times { get; private set; }

    /// <summary>Starts the call's trace.</summary>
    public void BeginTrace() => _activity = Telemetry.StartCall();

    /// <summary>Leaves the end of the call to an asynchronous function.</summary>
    public void OutliveActor() => Volatile.Write(ref _outlivesActor, true);

    /// <summary>The model begins with it, at that time.</summary>
    public void Begin(long at)
    {
        // The first time counts: a further attempt did not wait for the model.
        if (_begunAt == 0)
        {
            Volatile.Write(ref _begunAt, at);
            var queue = _ledger.Clock.GetElapsedTime(StartedAt, at);
            Times = new CallTimes(queue, TimeSpan.Zero);
            Telemetry.Waited(queue, _activity);
        }
    }

    /// <summary>The model has run for it since that time.</summary>
    public void End(long startedAt)
    {
        var compute = _ledger.Clock.GetElapsedTime(startedAt);
        // It may have run with others before, in a batch that failed.
        Times = Times with { Compute = compute, Joined = 0 };
        Telemetry.Computed(compute);
    }

    /// <summary>The model has run that long for it and others, so many together.</summary>
    public void EndJoined(TimeSpan compute, int joined) => Times = Times with { Compute = compute, Joined = joined };

    /// <summary>Starts to watch the deadline and the caller's token; the ledger calls it once the call is admitted.</summary>
    public void Arm()
    {
        if (_terms.Deadline is { } deadline)
        {
            _alarm = new Alarm(
                _ledger.Clock, deadline, static call => ((InferenceCall)call!).Abandon(InferenceFailure.DeadlineExceeded), this);
        }

        if (!IsAnswered)
        {
            _registration = _terms.Cancellation.UnsafeRegister(
                static call => ((InferenceCall)call!).Abandon(InferenceFailure.Cancelled), this);
        }

        // First watched, then looked at, as the call is first retired and then watched no more: one of them sees the other.
        Interlocked.MemoryBarrier();
        if (IsRetired)
        {
            StopWatching();
        }
    }

    /// <summary>
    /// The argument for a run. Where the caller keeps it, with references of the call's own to its native memory: the caller's wait may end
    /// before the run does.
    /// </summary>
    /// <param name="own">What to dispose when the run has ended; null for nothing.</param>
    public object? Borrow(out IDisposable? own)
    {
        var argument = Argument;
        own = null;
        if (_terms.Ownership == ArgumentOwnership.Keep && _source.TryRetain(ref argument, out own))
        {
            MarkDetached();
        }

        return argument;
    }

    /// <summary>The argument is not read any more; an abandoned call is answered now.</summary>
    public void MarkDetached()
    {
        if (Move(Running, Detached) && Volatile.Read(ref _abandoned) is { } reason)
        {
            Abandon(reason);
        }
    }

    /// <summary>Takes the call to read its argument; false where it was answered meanwhile.</summary>
    public bool TryRun() => Move(Queued, Running) || Move(Detached, Running);

    /// <summary>Puts a call that ran back for a further attempt; false where it was abandoned meanwhile, and then it is answered.</summary>
    public bool TryRequeue()
    {
        if (Volatile.Read(ref _abandoned) is { } reason)
        {
            Fail(reason);
            return false;
        }

        return Move(Running, Queued) || Move(Detached, Queued);
    }

    /// <summary>Runs an action after a pause.</summary>
    public void After(TimeSpan pause, Action action)
    {
        _pause?.Dispose();
        _pause = _ledger.Clock.CreateTimer(static next => ((Action)next!)(), action, pause, Timeout.InfiniteTimeSpan);
    }

    /// <summary>
    /// Answers with a result, which the caller gets when the call is retired, and which the call releases where nobody waits for it any
    /// more.
    /// </summary>
    public void Complete(object? result)
    {
        if (Volatile.Read(ref _abandoned) is { } reason)
        {
            _source.Release(result);
            Fail(reason);
        }
        else
        {
            _result = result;
            if (!TryFinish(Succeeded))
            {
                _source.Release(result);
            }
        }
    }

    /// <summary>Answers with a failure, whatever the call is doing.</summary>
    public void Fail(Exception reason)
    {
        if (TryFinish(Failed))
        {
            Post(Volatile.Read(ref _abandoned) ?? reason);
        }
    }

    /// <summary>Gives the call up: at once, but for a run that reads a caller's own argument.</summary>
    public void Abandon(InferenceFailure failure) => Abandon(Describe(failure));

    /// <summary>Gives up the call with the caller's own reason.</summary>
    public void Abandon(Exception reason)
    {
        do
        {
            if (Move(Queued, Failed))
            {
                LeaveQueue(reason);
                return;
            }

            if (Move(Detached, Failed) || (_terms.Ownership == ArgumentOwnership.Give && Move(Running, Failed)))
            {
                _ledger.GiveUp(this);
                Post(reason);
                return;
            }

            Interlocked.CompareExchange(ref _abandoned, reason, null);
            // It may have moved on before the reason was there to be seen.
        }
        while (Volatile.Read(ref _state) is Queued or Detached);
    }

    /// <summary>
    /// The last step of every call, by whoever took it off the queue: releases a given argument and the place in the queue, and hands the
    /// result over. Idempotent.
    /// </summary>
    public void Retire()
    {
        if (Interlocked.Exchange(ref _retired, 1) != 0)
        {
            _ledger.Reach(this);
            return;
        }

        try
        {
            End();
        }
        finally
        {
            try
            {
                _ledger.Leave(this, leftBehind: false);
            }
            finally
            {
                if (Volatile.Read(ref _state) == Succeeded)
                {
                    ComputeThread.HandOver(this);
                }
            }
        }
    }

    /// <summary>
    /// Answers and ends a call that the ledger does not take: it counts as failed, and neither as pending nor with its duration.
    /// </summary>
    public void Refuse(InferenceException reason)
    {
        if (TryFinish(Failed))
        {
            SetFailure(reason);
            CompletePromise();
        }

        if (Interlocked.Exchange(ref _retired, 1) == 0)
        {
            End();
        }
    }

    /// <summary>Hands the answer over: the caller goes on inside, on a thread that others have used before it.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        _source.ResetThread();
        CompletePromise();
    }

    // Nothing else completes the promise. The caller may go on inside for as long as it likes. A refused call has no caller yet.
    private void CompletePromise()
    {
        if (_failure is OperationCanceledException cancelled)
        {
            SetCanceled(cancelled.CancellationToken);
        }
        else if (_failure is { } reason)
        {
            SetException(reason);
            // A caller that is gone observes nothing; its failure is counted, and must not surface as an unobserved exception.
            _ = Task.Exception;
        }
        else
        {
            SetResult(_result);
        }
    }

    /// <summary>Retires a call that waits: nobody who reaches its message needs anything of it.</summary>
    private void LeaveQueue(Exception reason)
    {
        SetFailure(reason);
        try
        {
            if (Interlocked.Exchange(ref _retired, 1) == 0)
            {
                try
                {
                    End();
                }
                finally
                {
                    _ledger.Leave(this, leftBehind: true);
                }
            }
        }
        catch (Exception e)
        {
            // On a timer's thread, or in a caller's Cancel: it is the call that has to tell.
            _failure = new InferenceException(
                reason is InferenceException known ? known.Failure : InferenceFailure.Cancelled,
                $"{reason.Message} Releasing its argument failed: {e.Message}", e);
        }

        Hand();
    }

    private void StopWatching()
    {
        _alarm?.Dispose();
        _registration.Unregister();
    }

    private void End()
    {
        StopWatching();
        try
        {
            if (_terms.Ownership == ArgumentOwnership.Give)
            {
                _source.Release(Argument);
            }
        }
        finally
        {
            Argument = null;
            ModelTelemetry.EndCall(_activity);
        }
    }

    private Exception Describe(InferenceFailure failure) => failure switch
    {
        InferenceFailure.DeadlineExceeded => new InferenceException(
            failure,
            $"A call to {_ledger.Owner} was not answered within its deadline of {Durations.Text(_terms.Deadline)}; give it a longer one or "
            + $"raise {_ledger.DeadlineSetting}.")
        {
            Waited = _ledger.Clock.GetElapsedTime(
                StartedAt, Volatile.Read(ref _begunAt) is not 0 and var begun ? begun : _ledger.Clock.GetTimestamp()),
        },
        InferenceFailure.Cancelled =>
            new OperationCanceledException($"A call to {_ledger.Owner} was cancelled by its caller.", _terms.Cancellation),
        InferenceFailure.ShuttingDown => new InferenceException(failure, $"{_ledger.Owner} shuts down: a call was not finished in time."),
        _ => new InferenceException(failure, $"A call to {_ledger.Owner} failed: {failure}."),
    };

    private bool Move(int from, int to) => Interlocked.CompareExchange(ref _state, to, from) == from;

    private static bool IsFinal(int state) => state >= Failed;

    private bool TryFinish(int final)
    {
        var state = Volatile.Read(ref _state);
        while (!IsFinal(state))
        {
            var seen = Interlocked.CompareExchange(ref _state, final, state);
            if (seen == state)
            {
                return true;
            }

            state = seen;
        }

        return false;
    }

    private void SetFailure(Exception reason)
    {
        Telemetry.Failed(reason, _activity);
        _failure = reason;
    }

    private void Post(Exception reason)
    {
        SetFailure(reason);
        Hand();
    }

    // Never after a run: a caller who gives up inside one may wait there for the answer.
    private void Hand() => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
}
