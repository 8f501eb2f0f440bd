using TorchSharp;
using ZeroCopy.Actors.Endpoints;
using ZeroCopy.Instances;
using ZeroCopy.Manifests;
using ZeroCopy.Runtime;
using ZeroCopy.Torch;
using ZeroCopy.Torch.Native;

namespace ZeroCopy.Endpoints;

/// <summary>
/// Opens models for the pools of a node's directory, in a runtime that nobody else uses: a model is closed with its last pool, and whoever
/// has it from the host's own runtime keeps it. Both share the weights. Thread-safe.
/// </summary>
/// <param name="runtime">That runtime.</param>
internal sealed class TorchOpener(TorchRuntime runtime) : IModelOpener
{
    private readonly TorchRuntime _runtime = runtime;
    private readonly Lock _lock = new();
    private readonly Dictionary<ModelId, int> _holds = [];

    /// <inheritdoc/>
    public IReadOnlyCollection<string> ModelTypes => _runtime.Catalog.Keys;

    /// <inheritdoc/>
    public bool CanOpen(ModelHandle model) => _runtime.KnowsRecipe(model, waits: false);

    /// <inheritdoc/>
    public IOpenedModel Open(ModelHandle model, string device)
    {
        Hold(model);
        try
        {
            var place = torch.device(device);
            return new OpenedModel(this, model, place, _runtime.BinderOf(model, place));
        }
        catch
        {
            LetGo(model);
            throw;
        }
    }

    /// <inheritdoc/>
    public void ReleaseMemory() => NativeHeap.Trim();

    private void Hold(ModelHandle model)
    {
        lock (_lock)
        {
            _holds[model.Id] = _holds.GetValueOrDefault(model.Id) + 1;
        }
    }

    private void LetGo(ModelHandle model)
    {
        // Under the lock, so that nobody opens what is closed right then.
        lock (_lock)
        {
            if (--_holds[model.Id] == 0)
            {
                _holds.Remove(model.Id);
                _runtime.Close(model);
            }
        }
    }

    private sealed class OpenedModel : IOpenedModel
    {
        private readonly TorchOpener _opener;
        private readonly ModelHandle _model;
        private readonly torch.Device _device;
        private int _disposed;

        public OpenedModel(TorchOpener opener, ModelHandle model, torch.Device device, ICallBinder binder)
        {
            (_opener, _model, _device) = (opener, model, device);
            Binder = binder;
            Source = new LateSource(model.ToString(), Open);
        }

        public IInstanceSource Source { get; }

        public ICallBinder Binder { get; }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _disposed, 1) == 0)
            {
                _opener.LetGo(_model);
            }
        }

        private IInstanceSource Open()
        {
            // Held for itself: a pool may end while an actor of it still loads, and what that opens is closed then.
            _opener.Hold(_model);
            try
            {
                ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
                return _opener._runtime.OpenAny(_model, _device);
            }
            finally
            {
                _opener.LetGo(_model);
            }
        }
    }
}
