namespace ZeroCopy.Actors.Inference;

/// <summary>How many actors of a pool can answer. Thread-safe.</summary>
internal sealed class PoolReadiness
{
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _ready;

    /// <summary>Actors with a loaded model.</summary>
    public int Ready => Volatile.Read(ref _ready);

    /// <summary>The last reason why an actor could not load; null once one has.</summary>
    public Exception? LastLoadError { get; private set; }

    /// <summary>Ends when the first actor is ready.</summary>
    public Task FirstReady => _first.Task;

    public void Gained()
    {
        Interlocked.Increment(ref _ready);
        LastLoadError = null;
        _first.TrySetResult();
    }

    public void Lost() => Interlocked.Decrement(ref _ready);

    public void Failed(Exception reason) => LastLoadError = reason;
}
