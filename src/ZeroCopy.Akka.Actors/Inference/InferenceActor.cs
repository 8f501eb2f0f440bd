using Akka.Actor;
using Akka.Event;
using ZeroCopy.Actors.Batching;
using ZeroCopy.Actors.Calls;
using ZeroCopy.Actors.Dispatch;
using ZeroCopy.Actors.Routing;
using ZeroCopy.Actors.Stores;
using ZeroCopy.Errors;
using ZeroCopy.Runtime;

namespace ZeroCopy.Actors.Inference;

/// <summary>
/// Holds one instance of a model and runs calls on it, one after the other, on a dispatcher for computing. What the model throws is the
/// failure of the call; only an error outside the call restarts the actor.
/// </summary>
/// <remarks>
/// <code>
///               instance here               PoisonPill
///   Loading ────────────────────► Ready ─────────────────► stopped (instance returned)
///    │  ▲  │                                                   ▲
///    │  └──┘ failed: again after a pause                       │
///    └── attempts used up ──► Failed ── again after a pause ───┘
///
///             an asynchronous function awaits                                      stopped (instance returned
///   Ready ◄────────────────────────────────────► Busy (calls wait) ── PoisonPill ──► when the function has ended)
///                      it has ended
/// </code>
/// The pool drains by its ledger before it stops its actors, so that Ready needs no state of its own for it: a call behind a PoisonPill
/// does not exist.
/// </remarks>
internal sealed class InferenceActor : UntypedActor, IWithTimers
{
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Queue<object> _waiting = [];
    private readonly PoolContext _pool;
    private readonly ActorLeases _leases;
    private readonly PoolFailures.OfActor _failures;
    private readonly BatchRunner _runner;
    private readonly ActorLoad? _load;
    private InstanceTicket? _ticket;
    private IModelInstance? _instance;
    private ActorLease? _lease;
    private object? _taken;
    private Task _running = Task.CompletedTask;
    private int _failedLoads;
    private bool _restarts;

    public InferenceActor(PoolContext pool, ActorLeases leases)
    {
        _pool = pool;
        _leases = leases;
        _failures = pool.Failures.Join();
        _runner = new BatchRunner(pool, _failures, _log);
        _load = pool.Loads?.Of(Self);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(PoolContext pool, ActorLeases leases) =>
        Akka.Actor.Props.CreateBy(new Producer<InferenceActor>(() => new InferenceActor(pool, leases)));

    protected override void PreStart()
    {
        _pool.Readiness.Started();
        BecomeLoading();
    }

    protected override void OnReceive(object message) => Loading(message);

    protected override void PreRestart(Exception reason, object message)
    {
        var crash = new InferenceException(
            InferenceFailure.ActorCrashed, $"An actor of {_pool.Ledger.Owner} crashed and restarts: {reason.Message}", reason);
        Fail(_taken ?? message, crash);

        // Waiting calls have done nothing wrong: they are served after the restart.
        foreach (var waiting in _waiting)
        {
            Self.Tell(waiting);
        }

        _waiting.Clear();
        _restarts = true;
        base.PreRestart(reason, message);
    }

    protected override void PostStop()
    {
        _pool.Readiness.Stopped(_restarts);
        _pool.Failures.Leave(_failures);
        _ticket?.Abandon();
        if (_instance is { } instance)
        {
            _pool.Readiness.Lost(Self);
            if (_running.IsCompleted)
            {
                instance.Dispose();
            }
            else
            {
                // The function that awaits has the instance until it ends; its pieces run elsewhere.
                _running.ContinueWith(_ => instance.Dispose(), TaskScheduler.Default);
            }

            EndLease();
        }

        // A pool that shrinks stops actors that others can stand in for; one that ends has no use for them.
        var parent = Context.Parent;
        while (_waiting.TryDequeue(out var waiting))
        {
            if (_pool.Ledger.IsClosed)
            {
                Fail(waiting, new InferenceException(
                    InferenceFailure.ShuttingDown, $"An actor of {_pool.Ledger.Owner} stopped before its model was loaded."));
            }
            else if (waiting is not TakeWaiting)
            {
                parent.Tell(waiting, ActorRefs.NoSender);
            }
        }
    }

    private void Loading(object message)
    {
        switch (message)
        {
            case InferenceCall or CallBatch:
                LetWait(message);
                break;
            case TakeWaiting:
                // Once it is ready it looks by itself.
                break;
            case Loaded loaded when loaded.Ticket == _ticket:
                BecomeReady(_ticket.Take() ?? throw new InvalidOperationException("A loaded ticket holds no instance."));
                break;
            case LoadFailed failed when failed.Ticket == _ticket:
                Retry(failed.Cause);
                break;
            case Load:
                StartLoading();
                break;
            case AsyncPiece piece:
                Run(piece);
                break;
            case RunEnded ended:
                End(ended);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Failed(object message)
    {
        switch (message)
        {
            case InferenceCall or CallBatch when !_pool.Router.BindsCalls && _pool.Readiness.Ready > 0:
                LetWait(message);
                break;
            case InferenceCall or CallBatch:
                Fail(message, LoadFailure());
                _load?.End();
                break;
            case Loaded or LoadFailed or Load or AsyncPiece or RunEnded or TakeWaiting:
                Loading(message);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Ready(object message)
    {
        switch (message)
        {
            case InferenceCall or CallBatch when _pool.Waiting.TryPeek(out var first) && SinceOf(first) < SinceOf(message):
                // It waits since its actor had no model.
                _pool.Waiting.Enqueue(message);
                ServeWaiting();
                break;
            case InferenceCall or CallBatch:
                Serve(message);
                break;
            case TakeWaiting:
                _load?.Add();
                ServeWaiting();
                break;
            case AsyncPiece piece:
                Run(piece);
                break;
            case RunEnded ended:
                End(ended);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <summary>Serves what waits for longest of all that wait; another actor may have taken the last.</summary>
    private void ServeWaiting()
    {
        if (_pool.Waiting.TryDequeue(out _taken))
        {
            Serve(_taken);
            _taken = null;
        }
        else
        {
            _load?.End();
        }
    }

    private void Serve(object work)
    {
        if (work is InferenceCall one && _pool.AsyncFunction is { } function)
        {
            Begin(one, function);
            return;
        }

        try
        {
            Run(work);
            _load?.Penalise(_failures.InARow);
        }
        finally
        {
            _load?.End();
        }

        // Not before: a caller that goes on at once would find this actor busy, and have its next call wait behind another one.
        (work as InferenceCall)?.Retire();
        (work as CallBatch)?.End();
        if (_failures.TryCondemn())
        {
            Renew();
        }
    }

    private void Busy(object message)
    {
        switch (message)
        {
            case InferenceCall or TakeWaiting:
                _waiting.Enqueue(message);
                break;
            case AsyncPiece piece:
                Run(piece);
                break;
            case RunEnded ended:
                End(ended);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    // In every state, as a piece: one that was begun before a restart had an instance of its own, and ends beside another one.
    private void End(RunEnded ended)
    {
        if (ended.Run == _running)
        {
            BecomeIdle();
        }
        else
        {
            _load?.End();
        }
    }

    // In every state: one that was begun before a restart ends in it.
    private void Run(AsyncPiece piece)
    {
        _pool.Source.ResetThread();
        _runner.Run(piece);
    }

    private void Begin(InferenceCall call, AsyncModelFunction function)
    {
        _pool.Source.ResetThread();
        var (self, pool) = (Self, _pool);
        _running = _runner.RunAsync(_instance!, call, function, Schedule);
        if (_running.IsCompleted)
        {
            EndRun();
        }
        else
        {
            Become(Busy);
            _running.ContinueWith(run => self.Tell(new RunEnded(run), ActorRefs.NoSender), TaskScheduler.Default);
        }

        void Schedule(Action run) => self.Tell(new AsyncPiece(run, pool.Gone.Token), ActorRefs.NoSender);
    }

    /// <summary>Serves the calls that came meanwhile, in their order, until one of them awaits too.</summary>
    private void BecomeIdle()
    {
        Become(Ready);
        EndRun();
        while (_instance is not null && _running.IsCompleted && _waiting.TryDequeue(out _taken))
        {
            Ready(_taken);
        }

        _taken = null;
    }

    private void EndRun()
    {
        _load?.Penalise(_failures.InARow);
        _load?.End();
        if (_failures.TryCondemn())
        {
            Renew();
        }
    }

    private void Run(object work)
    {
        _pool.Source.ResetThread();
        if (work is InferenceCall call)
        {
            _runner.Run(_instance!, call);
        }
        else
        {
            _runner.Run(_instance!, (CallBatch)work);
        }
    }

    private void Renew()
    {
        _log.Warning(
            "An actor of {0} throws its instance of {1} away and loads another one: it failed {2} calls in a row while others answered "
            + "theirs. See renew-after-failures in the pool's settings", _pool.Ledger.Owner, _pool.Source.Name, _failures.Condemned);
        var instance = _instance!;
        _pool.Readiness.Lost(Self);
        instance.Discard();
        EndLease();
        BecomeLoading();
    }

    private void EndLease()
    {
        _instance = null;
        _lease?.Dispose();
        _lease = null;
    }

    private void BecomeLoading()
    {
        Become(Loading);
        StartLoading();
    }

    private void StartLoading()
    {
        IModelInstance? warm;
        try
        {
            _pool.Source.ResetThread();
            _pool.Source.TryRent(out warm);
        }
        catch (Exception e)
        {
            // A crash here would restart the actor into the same error without a pause.
            Retry(e);
            return;
        }

        if (warm is not null)
        {
            BecomeReady(warm);
            return;
        }

        var ticket = _ticket = new InstanceTicket();
        var self = Self;
        // The rent starts off this thread: a source may build a whole model before it first awaits.
        Task.Run(() => ticket.RentAsync(_pool.Source)).PipeTo(self, self, () => new Loaded(ticket), cause => new LoadFailed(ticket, cause));
    }

    private void BecomeReady(IModelInstance instance)
    {
        try
        {
            // The store knows by whom the model is used before the first call is served. The instance keeps the model meanwhile.
            _lease = _pool.Source.Lease(_pool.Ledger.Owner) is { } lease ? _leases.Hold(Self, lease) : null;
        }
        catch (Exception e)
        {
            instance.Dispose();
            Retry(e);
            return;
        }

        _ticket = null;
        _instance = instance;
        _failedLoads = 0;
        _pool.Readiness.Gained(Self);
        Become(Ready);
        // Back through the mailbox, not run here: a crash then costs one call, not the whole queue.
        while (_waiting.TryDequeue(out var waiting))
        {
            Self.Tell(waiting);
        }

        for (var waiting = _pool.Waiting.Count; waiting > 0; waiting--)
        {
            Self.Tell(TakeWaiting.Instance);
        }
    }

    private void Retry(Exception cause)
    {
        _ticket = null;
        // A model does not change: one that is none is none at the next attempt too.
        var givesUp = ++_failedLoads >= _pool.Settings.Load.Attempts
            || cause is InvalidModelException or BindingException or RecipeUnavailableException;
        _pool.Readiness.Failed(cause, givesUp);
        var pause = givesUp ? _pool.Settings.Load.MaxBackoff : _pool.Settings.Load.Backoff(_failedLoads);
        _log.Warning(
            cause, "Loading model {0} for pool {1} failed {2} time(s), again in {3}", _pool.Source.Name, _pool.Name, _failedLoads, pause);
        Timers.StartSingleTimer(Load.Instance, Load.Instance, pause);
        if (givesUp)
        {
            Become(Failed);
            while (_pool.Readiness.Ready == 0 && _pool.Waiting.TryDequeue(out var lost))
            {
                Fail(lost, LoadFailure());
            }
        }

        // Through the mailbox: what another actor can run now is for that one, and the rest waits again or fails.
        while (_waiting.TryDequeue(out var waiting))
        {
            Self.Tell(waiting);
        }
    }

    /// <summary>
    /// An empty mailbox draws calls, and an actor without a model always has one: its calls are for whoever of the pool is ready, or is so
    /// first. Not where the router binds a call to its actor.
    /// </summary>
    private void LetWait(object work)
    {
        if (_pool.Router.BindsCalls)
        {
            _waiting.Enqueue(work);
            return;
        }

        _load?.End();
        _pool.Waiting.Enqueue(work);
        // Who becomes ready after this finds it by itself.
        foreach (var ready in _pool.Readiness.All)
        {
            ready.Tell(TakeWaiting.Instance, ActorRefs.NoSender);
        }
    }

    private InferenceException LoadFailure() => new(
        InferenceFailure.LoadFailed,
        $"Model {_pool.Source.Name} could not be loaded for {_pool.Ledger.Owner} in {_failedLoads} attempts: "
        + $"{_pool.Readiness.LastLoadError?.Message}",
        _pool.Readiness.LastLoadError);

    private static long SinceOf(object work) => Calls(work).First().StartedAt;

    private static void Fail(object work, InferenceException reason)
    {
        foreach (var call in Calls(work))
        {
            call.Fail(reason);
            call.Retire();
        }

        (work as CallBatch)?.End();
    }

    private static IEnumerable<InferenceCall> Calls(object? work) => work switch
    {
        InferenceCall call => [call],
        CallBatch batch => batch.Calls,
        _ => [],
    };

    private sealed record Loaded(InstanceTicket Ticket);

    private sealed record LoadFailed(InstanceTicket Ticket, Exception Cause);

    /// <summary>One more call waits for an actor of the pool; another one may have it by now.</summary>
    private sealed record TakeWaiting
    {
        public static readonly TakeWaiting Instance = new();
    }

    private sealed record RunEnded(Task Run);

    private sealed record Load
    {
        public static readonly Load Instance = new();
    }
}
