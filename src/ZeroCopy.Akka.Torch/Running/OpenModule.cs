using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using TorchSharp;
using ZeroCopy.Manifests;
using ZeroCopy.Runtime;

namespace ZeroCopy.Torch.Running;

/// <summary>
/// A module of the store that this process can run: owns the prototype and the pool of skeletons, whichever types its holders know it by.
/// Thread-safe.
/// </summary>
internal sealed class OpenModule : IOpenModel
{
    private readonly ConcurrentDictionary<Type, object> _typed = new();
    private readonly Prototype _prototype;
    private readonly IDisposable? _lease;
    private readonly SkeletonPool _pool;
    private readonly Action<torch.nn.Module> _giveBack;
    private readonly Action<torch.nn.Module> _letGo;
    private readonly torch.nn.Module? _shared;

    // Who holds the shared instance: this object until it is closed, and everybody who rents it.
    private int _holders = 1;
    private int _closed;

    public OpenModule(ModelHandle handle, Prototype prototype, IDisposable? lease, int maxIdle, bool stateless)
    {
        Handle = handle;
        Name = handle.ToString();
        _prototype = prototype;
        _lease = lease;
        _pool = new SkeletonPool(maxIdle);
        _giveBack = GiveBack;
        _letGo = LetGo;
        _shared = stateless ? prototype.NewInstance() : null;
    }

    public ModelHandle Handle { get; }

    public string Name { get; }

    public bool IsClosed => Volatile.Read(ref _closed) != 0;

    /// <summary>The model as a holder sees it, the same object for the same type; null where its instances are of another type.</summary>
    public TorchModel<TModule>? AsOrNull<TModule>()
        where TModule : torch.nn.Module =>
        _prototype.Makes<TModule>() ? (TorchModel<TModule>)_typed.GetOrAdd(typeof(TModule), _ => new TorchModel<TModule>(this)) : null;

    public bool TryRent([NotNullWhen(true)] out IModelInstance? instance)
    {
        ThrowIfClosed();
        instance = _shared is not null ? Hold(_shared)
            : _pool.Take() is torch.nn.Module idle ? new TorchModelInstance<torch.nn.Module>(idle, _giveBack)
            : null;
        return instance is not null;
    }

    public ValueTask<IModelInstance> RentAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (TryRent(out var warm))
        {
            return ValueTask.FromResult(warm);
        }

        // A clone takes milliseconds; a factory may take seconds, and does not hold up the caller's thread.
        return _prototype.Clones ? ValueTask.FromResult(Build()) : new ValueTask<IModelInstance>(Task.Run(Build, cancellationToken));

        IModelInstance Build() => new TorchModelInstance<torch.nn.Module>(_prototype.NewInstance(), _giveBack);
    }

    /// <summary>A module that the caller releases.</summary>
    public torch.nn.Module Materialise()
    {
        ThrowIfClosed();
        return _prototype.NewInstance();
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
        {
            return;
        }

        Drain();
        if (_shared is not null)
        {
            LetGo(_shared);
        }

        _prototype.Dispose();
        _lease?.Dispose();
    }

    private TorchModelInstance<torch.nn.Module> Hold(torch.nn.Module shared)
    {
        for (var holders = Volatile.Read(ref _holders); ; holders = Volatile.Read(ref _holders))
        {
            // Closed between the check and here, and nobody is left.
            ObjectDisposedException.ThrowIf(holders == 0, typeof(TorchModel<>));
            if (Interlocked.CompareExchange(ref _holders, holders + 1, holders) == holders)
            {
                return new TorchModelInstance<torch.nn.Module>(shared, _letGo);
            }
        }
    }

    private void LetGo(torch.nn.Module shared)
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            ModuleDisposal.Release(shared);
        }
    }

    private void ThrowIfClosed() => ObjectDisposedException.ThrowIf(IsClosed, typeof(TorchModel<>));

    private void GiveBack(torch.nn.Module skeleton)
    {
        if (IsClosed || !_pool.TryPut(skeleton))
        {
            ModuleDisposal.Release(skeleton);
        }
        else if (IsClosed)
        {
            // The model was closed between the check and the put.
            Drain();
        }
    }

    private void Drain()
    {
        while (_pool.Take() is torch.nn.Module idle)
        {
            ModuleDisposal.Release(idle);
        }
    }
}
