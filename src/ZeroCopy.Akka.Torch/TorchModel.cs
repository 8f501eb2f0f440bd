using System.Diagnostics.CodeAnalysis;
using TorchSharp;
using ZeroCopy.Manifests;
using ZeroCopy.Runtime;
using ZeroCopy.Torch.Running;

namespace ZeroCopy.Torch;

/// <summary>
/// A model of the store that this process can run: owns the prototype (built and bound once) and the pool of skeletons cloned from it. Thread-safe.
/// A skeleton goes back to the pool as it is, with whatever managed state its calls left in it, as a warm worker does; <see cref="Materialise"/>
/// always clones the untouched prototype.
/// </summary>
/// <typeparam name="TModule">The module's type.</typeparam>
public sealed class TorchModel<TModule> : IInstanceSource, IOpenModel
    where TModule : torch.nn.Module
{
    private readonly Prototype _prototype;
    private readonly IDisposable? _lease;
    private readonly SkeletonPool _pool;
    private readonly Action<torch.nn.Module> _giveBack;
    private readonly torch.nn.Module? _shared;
    private volatile bool _closed;

    internal TorchModel(ModelHandle handle, Prototype prototype, IDisposable? lease, int maxIdle, bool stateless)
    {
        Handle = handle;
        Name = handle.ToString();
        _prototype = prototype;
        _lease = lease;
        _pool = new SkeletonPool(maxIdle);
        _giveBack = GiveBack;
        _shared = stateless ? prototype.NewInstance() : null;
    }

    /// <summary>The model.</summary>
    public ModelHandle Handle { get; }

    /// <inheritdoc/>
    public string Name { get; }

    bool IOpenModel.IsClosed => _closed;

    /// <inheritdoc/>
    public bool TryRent([NotNullWhen(true)] out IModelInstance? instance)
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        instance = _shared is not null ? new TorchModelInstance<torch.nn.Module>(_shared, null)
            : _pool.Take() is torch.nn.Module idle ? new TorchModelInstance<torch.nn.Module>(idle, _giveBack)
            : null;
        return instance is not null;
    }

    /// <inheritdoc/>
    public ValueTask<IModelInstance> RentAsync(CancellationToken cancellationToken = default)
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

    /// <inheritdoc/>
    public void BoundThreads(int? threads) => TorchThreads.BoundOrDefault(threads);

    /// <summary>
    /// A module of the caller's own around the shared weights: in eval mode, without gradients. The caller disposes it with <see cref="ModuleDisposal.Release"/>.
    /// </summary>
    public TModule Materialise()
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        return (TModule)_prototype.NewInstance();
    }

    /// <summary>Disposes the prototype and the idle skeletons. Instances still rented stay valid until they are given back.</summary>
    public void Dispose()
    {
        if (_closed)
        {
            return;
        }

        _closed = true;
        Drain();
        if (_shared is not null)
        {
            ModuleDisposal.Release(_shared);
        }

        _prototype.Dispose();
        _lease?.Dispose();
    }

    private void GiveBack(torch.nn.Module skeleton)
    {
        if (_closed || !_pool.TryPut(skeleton))
        {
            ModuleDisposal.Release(skeleton);
        }
        else if (_closed)
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
