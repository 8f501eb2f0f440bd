using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using TorchSharp;
using ZeroCopy.Manifests;
using ZeroCopy.Runtime;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Views;

namespace ZeroCopy.Torch.Instances;

/// <summary>
/// A module of the store that this process can run: owns the prototype and the instances cloned from it, whichever types its holders know
/// it by. Thread-safe.
/// </summary>
internal sealed class OpenModule : IOpenModel
{
    private readonly ConcurrentDictionary<Type, object> _typed = new();
    private readonly Prototype _prototype;
    private readonly LeaseViews? _lease;
    private readonly InstancePool<torch.nn.Module> _pool;
    private readonly torch.nn.Module? _shared;
    private readonly Func<torch.nn.Module> _getShared;

    public OpenModule(ModelHandle handle, Prototype prototype, LeaseViews? lease, int maxIdle, bool stateless)
    {
        Handle = handle;
        Name = handle.ToString();
        _prototype = prototype;
        _lease = lease;
        _pool = new InstancePool<torch.nn.Module>(Name, maxIdle, ModuleDisposal.Release, Free);
        _shared = stateless ? prototype.NewInstance() : null;
        _getShared = () => _shared!;
    }

    public ModelHandle Handle { get; }

    public string Name { get; }

    public bool IsClosed => _pool.IsClosed;

    /// <summary>The class of instances.</summary>
    public Type Type => _prototype.Module.GetType();

    /// <summary>The model as a holder sees it, the same object for the same type; null where its instances are of another type.</summary>
    public TorchModel<TModule>? AsOrNull<TModule>()
        where TModule : torch.nn.Module =>
        _prototype.Module is TModule ? (TorchModel<TModule>)_typed.GetOrAdd(typeof(TModule), _ => new TorchModel<TModule>(this)) : null;

    public bool TryRent([NotNullWhen(true)] out IModelInstance? instance)
    {
        if (_shared is null)
        {
            return _pool.TryRent(out instance);
        }

        instance = _pool.RentShared(_getShared);
        return true;
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

    /// <summary>A lease of a holder's own; null where the module is of no store.</summary>
    public IDisposable? Lease(string holder) => _pool.Use(() => _lease?.Share(holder));

    /// <summary>A module that the caller releases.</summary>
    public torch.nn.Module Materialise() => _pool.Use(_prototype.NewInstance);

    public void Dispose() => _pool.Dispose();

    private IModelInstance Build() => _pool.RentNew(_prototype.NewInstance);

    private void Free()
    {
        if (_shared is not null)
        {
            ModuleDisposal.Release(_shared);
        }

        _prototype.Dispose();
        _lease?.Dispose();
    }
}
