using System.Diagnostics.CodeAnalysis;
using ZeroCopy.Pipelines;
using ZeroCopy.Runtime;
using ZeroCopy.Torch;
using ZeroCopy.Torch.Native;
using ZeroCopy.Torch.Running;

namespace ZeroCopy.Pools;

/// <summary>
/// Leases objects that a wrapper loads, pipelines above all: one holder at a time, idle ones kept for the next. An object comes back with the plain state
/// that its calls left in it, as a warm module does. An object that is being made or is rented holds the source, see <see cref="Holds"/>.
/// Thread-safe.
/// </summary>
internal sealed class LoadedObjectSource : IInstanceSource, IDisposable
{
    private readonly Func<LoadedObject> _load;
    private readonly SkeletonPool _idle;
    private readonly Action<object> _giveBack;
    private readonly Action<object> _discard;
    private readonly Holds _holds;

    public LoadedObjectSource(string name, Func<LoadedObject> load, int maxIdle)
    {
        Name = name;
        _load = load;
        _idle = new SkeletonPool(maxIdle);
        _giveBack = GiveBack;
        _discard = Discard;
        _holds = new Holds(name, Drain);
    }

    public string Name { get; }

    public bool TryRent([NotNullWhen(true)] out IModelInstance? instance)
    {
        _holds.Take();
        instance = _idle.Take() is { } warm ? new TorchModelInstance<object>(warm, _giveBack, _discard) : null;
        if (instance is null)
        {
            _holds.LetGo();
        }

        return instance is not null;
    }

    public ValueTask<IModelInstance> RentAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return TryRent(out var warm) ? ValueTask.FromResult(warm) : new ValueTask<IModelInstance>(Task.Run(Load, cancellationToken));
    }

    public void BoundThreads(int? threads) => TorchThreads.BoundOrDefault(threads);

    public void RestoreThreads() => TorchThreads.Reset();

    public void ResetThread() => TorchThreadState.Reset();

    public bool TryRetain(ref object? argument, out IDisposable? retained) => RetainedArgument.TryTake(ref argument, out retained);

    public void Release(object? value) => Answers.Release(value);

    /// <summary>Releases the idle objects; those still rented follow when they are given back.</summary>
    public void Dispose()
    {
        _holds.Close();
        Drain();
    }

    private IModelInstance Load()
    {
        _holds.Take();
        try
        {
            return new TorchModelInstance<object>(_load().Root, _giveBack, _discard);
        }
        catch
        {
            _holds.LetGo();
            throw;
        }
    }

    private void GiveBack(object root)
    {
        // One that is put back just behind the end is freed with the rest.
        if (_holds.IsClosed || !_idle.TryPut(root))
        {
            LoadedObject.Release(root);
        }

        _holds.LetGo();
    }

    private void Discard(object root)
    {
        LoadedObject.Release(root);
        _holds.LetGo();
    }

    private void Drain()
    {
        while (_idle.Take() is { } idle)
        {
            LoadedObject.Release(idle);
        }
    }
}
