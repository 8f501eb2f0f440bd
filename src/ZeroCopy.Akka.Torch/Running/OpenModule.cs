using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using TorchSharp;
using ZeroCopy.Manifests;
using ZeroCopy.Runtime;

namespace ZeroCopy.Torch.Running;

/// <summary>
/// A module of the store that this process can run: owns the prototype and the pool of skeletons, whichever types its holders know it by. An instance
/// that is being made or is rented holds it, see <see cref="Holds"/>. Thread-safe.
/// </summary>
internal sealed class OpenModule : IOpenModel
{
    private readonly ConcurrentDictionary<Type, object> _typed = new();
    private readonly Holds _holds;
    private readonly Prototype _prototype;
    private readonly IDisposable? _lease;
    private readonly SkeletonPool _pool;
    private readonly Action<torch.nn.Module> _giveBack;
    private readonly Action<torch.nn.Module> _discard;
    private readonly Action<torch.nn.Module> _letGo;
    private readonly torch.nn.Module? _shared;

    public OpenModule(ModelHandle handle, Prototype prototype, IDisposable? lease, int maxIdle, bool stateless)
    {
        Handle = handle;
        Name = handle.ToString();
        _holds = new Holds(Name, Free);
        _prototype = prototype;
        _lease = lease;
        _pool = new SkeletonPool(maxIdle);
        _giveBack = GiveBack;
        _discard = Discard;
        _letGo = _ => _holds.LetGo();
        _shared = stateless ? prototype.NewInstance() : null;
    }

    public ModelHandle Handle { get; }

    public string Name { get; }

    public bool IsClosed => _holds.IsClosed;

    /// <summary>The model as a holder sees it, the same object for the same type; null where its instances are of another type.</summary>
    public TorchModel<TModule>? AsOrNull<TModule>()
        where TModule : torch.nn.Module =>
        _prototype.Makes<TModule>() ? (TorchModel<TModule>)_typed.GetOrAdd(typeof(TModule), _ => new TorchModel<TModule>(this)) : null;

    public bool TryRent([NotNullWhen(true)] out IModelInstance? instance)
    {
        _holds.Take();
        instance = _shared is not null ? new TorchModelInstance<torch.nn.Module>(_shared, _letGo, _letGo)
            : _pool.Take() is torch.nn.Module idle ? new TorchModelInstance<torch.nn.Module>(idle, _giveBack, _discard)
            : null;
        if (instance is null)
        {
            _holds.LetGo();
        }

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
    }

    /// <summary>A module that the caller releases.</summary>
    public torch.nn.Module Materialise() => _holds.Use(_prototype.NewInstance);

    public void Dispose()
    {
        _holds.Close();
        // Not needed any more, though somebody may still have another one.
        Drain();
    }

    private IModelInstance Build()
    {
        _holds.Take();
        try
        {
            return new TorchModelInstance<torch.nn.Module>(_prototype.NewInstance(), _giveBack, _discard);
        }
        catch
        {
            _holds.LetGo();
            throw;
        }
    }

    private void GiveBack(torch.nn.Module skeleton)
    {
        // One that is put back just behind the end is freed with the rest.
        if (IsClosed || !_pool.TryPut(skeleton))
        {
            ModuleDisposal.Release(skeleton);
        }

        _holds.LetGo();
    }

    private void Discard(torch.nn.Module skeleton)
    {
        ModuleDisposal.Release(skeleton);
        _holds.LetGo();
    }

    private void Free()
    {
        Drain();
        if (_shared is not null)
        {
            ModuleDisposal.Release(_shared);
        }

        _prototype.Dispose();
        _lease?.Dispose();
    }

    private void Drain()
    {
        while (_pool.Take() is torch.nn.Module idle)
        {
            ModuleDisposal.Release(idle);
        }
    }
}
