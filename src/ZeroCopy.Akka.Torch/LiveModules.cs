using System.Collections.Concurrent;
using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Torch.Cloning;
using ZeroCopy.Torch.Views;

namespace ZeroCopy.Torch;

/// <summary>
/// The modules that were put in this process without a recipe: only their clones can be opened, and only here. Thread-safe.
/// </summary>
internal sealed class LiveModules : IDisposable
{
    private readonly ConcurrentDictionary<ModelId, LiveModule> _known = new();
    private volatile bool _disposed;

    /// <summary>What is left of a module; null where none was put as this model.</summary>
    public LiveModule? Find(ModelId model) => _known.GetValueOrDefault(model);

    /// <summary>
    /// Clones a module that was put. One that refuses needs a factory to be opened, and the reason is told then; if it was handed over,
    /// the clone may share its native layers, though, which are bound to the store.
    /// </summary>
    public void Add(ModelLease lease, torch.nn.Module module, bool handedOver)
    {
        var model = lease.Handle.Id;
        using var views = new LeaseViews(lease);
        var live = Try(() => StoredClone.Create(module, lease.Manifest.Tensors, views));
        if (live.Refused is not null && handedOver)
        {
            live = Try(() => ModuleCloner.Clone(module));
        }

        if (!_known.TryAdd(model, live))
        {
            live.Dispose();
        }
        else if (_disposed)
        {
            Remove(model);
        }
    }

    /// <summary>Forgets a module. What is open of it keeps its prototype.</summary>
    public void Remove(ModelId model)
    {
        if (_known.TryRemove(model, out var live))
        {
            live.Dispose();
        }
    }

    public void Dispose()
    {
        _disposed = true;
        foreach (var model in _known.Keys)
        {
            Remove(model);
        }
    }

    private static LiveModule Try(Func<torch.nn.Module> clone)
    {
        try
        {
            return new LiveModule(clone());
        }
        catch (CloneRefusedException refused)
        {
            return new LiveModule(refused);
        }
    }
}
