using ZeroCopy.Runtime;

namespace ZeroCopy.Actors.Inference;

/// <summary>
/// An instance on its way to an actor. An instance that arrives after the actor has gone is returned at once: no message has to
/// reach a living actor for it. Thread-safe.
/// </summary>
internal sealed class InstanceTicket
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _cancellation = new();
    private IModelInstance? _instance;
    private bool _abandoned;

    /// <summary>Rents an instance; the task ends when it is here, or with the source's error.</summary>
    public async Task RentAsync(IInstanceSource source)
    {
        // The first part runs on a thread of the pool, where somebody may have left a scope open.
        source.ResetThread();
        var instance = await source.RentAsync(_cancellation.Token).ConfigureAwait(false);
        lock (_lock)
        {
            if (!_abandoned)
            {
                _instance = instance;
                return;
            }
        }

        instance.Dispose();
    }

    /// <summary>The instance, which belongs to the caller from now on.</summary>
    public IModelInstance? Take()
    {
        lock (_lock)
        {
            var instance = _instance;
            _instance = null;
            return instance;
        }
    }

    /// <summary>Returns the instance, now or when it comes.</summary>
    public void Abandon()
    {
        lock (_lock)
        {
            _abandoned = true;
        }

        _cancellation.Cancel();
        Take()?.Dispose();
    }
}
