using System.Diagnostics.CodeAnalysis;
using ZeroCopy.Pipelines;
using ZeroCopy.Runtime;
using ZeroCopy.Torch;
using ZeroCopy.Torch.Native;
using ZeroCopy.Torch.Running;

namespace ZeroCopy.Pools;

/// <summary>
/// Leases objects that a wrapper loads, pipelines above all: one holder at a time, idle ones kept for the next. An object comes back with the plain state
/// that its calls left in it, as a warm module does. Thread-safe.
/// </summary>
internal sealed class LoadedObjectSource : IInstanceSource, IDisposable
{
    private readonly Func<LoadedObject> _load;
    private readonly SkeletonPool _idle;
    private readonly Action<object> _giveBack;
    private volatile bool _closed;

    public LoadedObjectSource(string name, Func<LoadedObject> load, int maxIdle)
    {
        Name = name;
        _load = load;
        _idle = new SkeletonPool(maxIdle);
        _giveBack = GiveBack;
    }

    public string Name { get; }

    public bool TryRent([NotNullWhen(true)] out IModelInstance? instance)
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        instance = _idle.Take() is { } warm ? Rented(warm) : null;
        return instance is not null;
    }

    public ValueTask<IModelInstance> RentAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return TryRent(out var warm)
            ? ValueTask.FromResult(warm)
            : new ValueTask<IModelInstance>(Task.Run<IModelInstance>(() => Rented(_load().Root), cancellationToken));
    }

    public void BoundThreads(int? threads) => TorchThreads.BoundOrDefault(threads);

    public void ResetThread() => TorchThreadState.Reset();

    public void Release(object? value) => Answers.Release(value);

    /// <summary>Releases the idle objects; those still rented follow when they are given back.</summary>
    public void Dispose()
    {
        _closed = true;
        Drain();
    }

    private TorchModelInstance<object> Rented(object root) => new TorchModelInstance<object>(root, _giveBack);

    private void GiveBack(object root)
    {
        if (_closed || !_idle.TryPut(root))
        {
            LoadedObject.Release(root);
        }
        else if (_closed)
        {
            // Closed between the check and the put.
            Drain();
        }
    }

    private void Drain()
    {
        while (_idle.Take() is { } idle)
        {
            LoadedObject.Release(idle);
        }
    }
}
