using System.Collections.Immutable;
using Akka.Actor;

namespace ZeroCopy.Actors.Inference;

/// <summary>Which actors of a pool can answer. Thread-safe.</summary>
internal sealed class PoolReadiness
{
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ImmutableArray<IActorRef> _ready = [];
    private int _started;
    private Action? _lastStopped;
    private volatile bool _givenUp;

    /// <summary>An actor gained or lost its model, gave up loading it, or the pool has ended. Raised on the actor's thread.</summary>
    public event Action? Changed;

    /// <summary>Actors that run, with a model or without one.</summary>
    public int Actors => Volatile.Read(ref _started);

    /// <summary>Actors with a loaded model.</summary>
    public int Ready => _ready.Length;

    /// <summary>The last reason why an actor could not load; null once one has.</summary>
    public Exception? LastLoadError { get; private set; }

    /// <summary>
    /// Whether an actor without a model fails its calls, having tried to load as often as the settings say, and no other has one.
    /// </summary>
    public bool HasGivenUp => _givenUp && _ready.IsEmpty;

    /// <summary>Ends when the first actor is ready, or fails when the pool ends before.</summary>
    public Task FirstReady => _first.Task;

    /// <summary>The actors with a loaded model.</summary>
    public ImmutableArray<IActorRef> All => _ready;

    /// <summary>Says what to do when the last actor has stopped.</summary>
    public void OnLastStopped(Action action) => Volatile.Write(ref _lastStopped, action);

    /// <summary>An actor starts, also anew.</summary>
    public void Started() => Interlocked.Increment(ref _started);

    /// <summary>An actor stops, for good or to start anew.</summary>
    public void Stopped(bool restarts)
    {
        if (Interlocked.Decrement(ref _started) == 0 && !restarts)
        {
            Volatile.Read(ref _lastStopped)?.Invoke();
        }
    }

    public void Gained(IActorRef actor)
    {
        ImmutableInterlocked.Update(ref _ready, static (ready, actor) => ready.Add(actor), actor);
        LastLoadError = null;
        _givenUp = false;
        _first.TrySetResult();
        Changed?.Invoke();
    }

    /// <summary>The pool has ended: who still waits for it waits for nothing.</summary>
    public void Ended(Exception reason)
    {
        if (_first.TrySetException(reason))
        {
            // Nobody may be waiting.
            _ = _first.Task.Exception;
        }

        Changed?.Invoke();
    }

    public void Lost(IActorRef actor)
    {
        ImmutableInterlocked.Update(ref _ready, static (ready, actor) => ready.Remove(actor), actor);
        Changed?.Invoke();
    }

    /// <summary>An actor could not load.</summary>
    /// <param name="reason">Why.</param>
    /// <param name="givesUp">Whether it fails its calls from now on, until it can.</param>
    public void Failed(Exception reason, bool givesUp)
    {
        LastLoadError = reason;
        if (givesUp && !_givenUp)
        {
            _givenUp = true;
            Changed?.Invoke();
        }
    }
}
