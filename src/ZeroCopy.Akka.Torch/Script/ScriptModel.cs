using System.Diagnostics.CodeAnalysis;
using TorchSharp;
using ZeroCopy.Manifests;
using ZeroCopy.Runtime;
using ZeroCopy.Torch.Native;
using ZeroCopy.Torch.Running;

namespace ZeroCopy.Torch.Script;

/// <summary>
/// A TorchScript model of the store in this process. Scripts whose code changes nothing are loaded once and shared by all holders; others are
/// loaded for each instance, with the weights still shared, and thrown away with it, so that no holder sees another one's state. Thread-safe.
/// </summary>
internal sealed class ScriptModel : IInstanceSource, IOpenModel
{
    private readonly Lock _lock = new();
    private readonly Manifest _manifest;
    private readonly ScriptFacts _facts;
    private readonly byte[] _skeleton;
    private readonly Func<TensorEntry, torch.Tensor> _view;
    private readonly IDisposable? _lease;
    private readonly torch.Device _device;
    private readonly Dictionary<string, torch.Tensor> _moved = new(StringComparer.Ordinal);
    private ScriptProgram? _shared;
    private int _rented;
    private bool _disposed;

    /// <summary>
    /// A model whose tensors <paramref name="view"/> gives, each time as a new tensor over the same memory. Owns <paramref name="lease"/>, which keeps
    /// that memory. On a device the tensors are moved once, for all programs.
    /// </summary>
    public ScriptModel(
        string name, Manifest manifest, byte[] skeleton, Func<TensorEntry, torch.Tensor> view, IDisposable? lease = null, torch.Device? device = null)
    {
        Name = name;
        _manifest = manifest;
        _facts = ScriptFacts.FromMetadata(manifest.Metadata);
        _skeleton = skeleton;
        _view = view;
        _lease = lease;
        _device = device ?? torch.CPU;
    }

    public string Name { get; }

    public bool IsClosed
    {
        get
        {
            lock (_lock)
            {
                return _disposed;
            }
        }
    }

    public bool TryRent([NotNullWhen(true)] out IModelInstance? instance)
    {
        lock (_lock)
        {
            instance = _shared is null || _disposed ? null : Rented(_shared);
            return instance is not null;
        }
    }

    public ValueTask<IModelInstance> RentAsync(CancellationToken cancellationToken = default)
    {
        if (TryRent(out var warm))
        {
            return ValueTask.FromResult(warm);
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (_facts.Stateful)
        {
            var program = Load();
            lock (_lock)
            {
                return ValueTask.FromResult<IModelInstance>(Rented(program));
            }
        }

        lock (_lock)
        {
            return ValueTask.FromResult<IModelInstance>(Rented(_shared ??= Load()));
        }
    }

    public void BoundThreads(int? threads) => TorchThreads.BoundOrDefault(threads);

    public void ResetThread() => TorchThreadState.Reset();

    public void Release(object? value) => Answers.Release(value);

    public void GiveBack(ScriptProgram program)
    {
        lock (_lock)
        {
            _rented--;
            if (ReferenceEquals(program, _shared) && !(_disposed && _rented == 0))
            {
                return;
            }
        }

        ScriptLoader.Release(program.Module);
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            _lease?.Dispose();
            ForgetMoved();
            if (_shared is null || _rented > 0)
            {
                return;
            }
        }

        ScriptLoader.Release(_shared.Module);
    }

    private ScriptInstance Rented(ScriptProgram program)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _rented++;
        return new ScriptInstance(this, program);
    }

    private ScriptProgram Load()
    {
        try
        {
            return new(ScriptLoader.Load(_skeleton, _manifest.Tensors, TensorFor, Name, _device), _facts, Name);
        }
        catch
        {
            // Memory of a device that is too small for the model, most likely: not to be held by half a model.
            lock (_lock)
            {
                if (_rented == 0 && _shared is null)
                {
                    ForgetMoved();
                }
            }

            throw;
        }
    }

    private torch.Tensor TensorFor(TensorEntry entry)
    {
        var view = _device.type == DeviceType.CPU ? _view(entry) : Moved(entry);
        if (!_facts.Copied.Contains(entry.Name))
        {
            return view;
        }

        using (view)
        {
            return view.clone();
        }
    }

    /// <summary>Another tensor over the one copy on the device, which programs keep that outlive this model.</summary>
    private torch.Tensor Moved(TensorEntry entry)
    {
        lock (_moved)
        {
            // Set before what was moved is forgotten under this lock: nothing is added after that.
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_moved.TryGetValue(entry.Name, out var there))
            {
                using var view = _view(entry);
                there = view.to(_device).DetachFromDisposeScope();
                _moved.Add(entry.Name, there);
            }

            return there.detach().DetachFromDisposeScope();
        }
    }

    private void ForgetMoved()
    {
        lock (_moved)
        {
            foreach (var there in _moved.Values)
            {
                there.Dispose();
            }

            _moved.Clear();
        }
    }
}
