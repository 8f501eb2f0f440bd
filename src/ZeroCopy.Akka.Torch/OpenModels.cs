using System.Collections.Concurrent;
using ZeroCopy.Manifests;
using ZeroCopy.Torch.Guards;
using ZeroCopy.Torch.Instances;

namespace ZeroCopy.Torch;

/// <summary>The models that this process has open: one object for the same model, type and device, made once. Thread-safe.</summary>
internal sealed class OpenModels : IDisposable
{
    private readonly ConcurrentDictionary<OpenModelKey, Lazy<IOpenModel>> _open = new();
    private volatile bool _disposed;

    /// <summary>The open model, or a new one.</summary>
    /// <exception cref="ObjectDisposedException">The runtime has ended.</exception>
    public IOpenModel GetOrOpen(OpenModelKey key, Func<IOpenModel> open)
    {
        while (true)
        {
            var opened = _open.GetOrAdd(key, _ => new Lazy<IOpenModel>(OpenGuarded));
            IOpenModel model;
            try
            {
                model = opened.Value;
            }
            catch
            {
                // A failure is not remembered: the next call may bring a factory.
                _open.TryRemove(new(key, opened));
                throw;
            }

            // First created, then looked for, as Close first takes it out and then looks whether it was created: one of them disposes it.
            Interlocked.MemoryBarrier();
            if (_disposed || !_open.TryGetValue(key, out var current) || !ReferenceEquals(current, opened))
            {
                model.Dispose();
            }

            if (!model.IsClosed)
            {
                return model;
            }

            // Its holder disposed it, or it was closed while it was opened: as if it had been opened before.
            _open.TryRemove(new(key, opened));
            ObjectDisposedException.ThrowIf(_disposed, typeof(TorchRuntime));
        }

        IOpenModel OpenGuarded()
        {
            TorchLibrary.Guard();
            return open();
        }
    }

    /// <summary>Disposes what is open of a model, on whichever device and by whichever type.</summary>
    public void Close(ModelId model) => Close(key => key.Model == model);

    public void Dispose()
    {
        _disposed = true;
        Close(_ => true);
    }

    private void Close(Func<OpenModelKey, bool> isMeant)
    {
        foreach (var key in _open.Keys.Where(isMeant))
        {
            // One that is being created is disposed by who creates it.
            if (_open.TryRemove(key, out var opened) && opened.IsValueCreated)
            {
                opened.Value.Dispose();
            }
        }
    }
}
