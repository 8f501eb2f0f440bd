using System.Collections.Immutable;
using Akka.Actor;

namespace ZeroCopy.Actors.Inference;

/// <summary>Which actors of a pool can answer. Thread-safe.</summary>
internal sealed class PoolReadiness
{
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ImmutableArray<IActorRef> _ready = [];
    private uint _turns;

    /// <summary>Actors with a loaded model.</summary>
    public int Ready => _ready.Length;

    /// <summary>The last reason why an actor could not load; null once one has.</summary>
    public Exception? LastLoadError { get; private set; }

    /// <summary>Ends when the first actor is ready.</summary>
    public Task FirstReady => _first.Task;

    /// <summary>The actors with a loaded model in turn; null where there is none.</summary>
    public IActorRef? NextReady()
    {
        var ready = _ready;
        return ready.IsEmpty ? null : ready[(int)(Interlocked.Increment(ref _turns) % (uint)ready.Length)];
    }

    public void Gained(IActorRef actor)
    {
        ImmutableInterlocked.Update(ref _ready, static (ready, actor) => ready.Add(actor), actor);
        LastLoadError = null;
        _first.TrySetResult();
    }

    public void Lost(IActorRef actor) => ImmutableInterlocked.Update(ref _ready, static (ready, actor) => ready.Remove(actor), actor);

    public void Failed(Exception reason) => LastLoadError = reason;
}
