using System.Diagnostics.CodeAnalysis;
using TorchSharp;
using ZeroCopy.Manifests;
using ZeroCopy.Runtime;
using ZeroCopy.Store;
using ZeroCopy.Torch.Instances;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Native;
using ZeroCopy.Torch.Native.Threads;
using ZeroCopy.Torch.Views;

namespace ZeroCopy.Torch.Script.Running;

/// <summary>
/// A TorchScript model of the store in this process. Scripts that are proven to write nothing are loaded once and shared by all holders;
/// others are loaded for each instance, on a mapping of its own, and thrown away with it, so that each answers as a fresh load does.
/// Thread-safe.
/// </summary>
internal sealed class ScriptModel : IInstanceSource, IOpenModel
{
    private readonly Lock _loading = new();
    private readonly Manifest _manifest;
    private readonly ScriptFacts _facts;
    private readonly byte[] _skeleton;
    private readonly Func<bool, IViewSource> _map;
    private readonly IDisposable? _lease;
    private readonly torch.Device _device;
    private readonly bool _apart;
    private readonly InstancePool<ScriptProgram> _pool;
    private readonly Func<ScriptProgram> _getShared;
    private readonly Func<ScriptProgram> _load;
    private readonly Dictionary<string, torch.Tensor> _moved = new(StringComparer.Ordinal);
    private ScriptProgram? _shared;

    /// <summary>
    /// A model whose tensors <paramref name="map"/> returns, each time in memory of their own: its argument says whether nothing will be
    /// written there. Owns <paramref name="lease"/>, which keeps the model. On a device, tensors that nothing writes to are moved once,
    /// for all programs.
    /// </summary>
    /// <param name="name">The model, for errors.</param>
    /// <param name="manifest">The model's tensors, and what is known of its code.</param>
    /// <param name="skeleton">Its code.</param>
    /// <param name="map">Returns views of the tensors.</param>
    /// <param name="lease">Keeps the model in the store.</param>
    /// <param name="device">Where it runs.</param>
    /// <param name="isolation">Whether instances share what nothing writes to.</param>
    /// <param name="maxIdle">Most programs that are not shared and are kept when they are returned.</param>
    public ScriptModel(
        string name,
        Manifest manifest,
        byte[] skeleton,
        Func<bool, IViewSource> map,
        IDisposable? lease,
        torch.Device device,
        InstanceIsolation isolation,
        int maxIdle)
    {
        Name = name;
        _manifest = manifest;
        _facts = ScriptFacts.FromMetadata(manifest.Metadata);
        _skeleton = skeleton;
        _map = map;
        _lease = lease;
        _device = device;
        _apart = isolation == InstanceIsolation.Mappings;
        // One that writes is never rented to somebody else.
        _pool = new InstancePool<ScriptProgram>(
            name, _facts.Stateful ? 0 : maxIdle, static program => ModuleDisposal.Release(program.Module), Free);
        _getShared = Shared;
        _load = () => Load();
    }

    public string Name { get; }

    public bool IsClosed => _pool.IsClosed;

    public bool TryRent([NotNullWhen(true)] out IModelInstance? instance)
    {
        if (Volatile.Read(ref _shared) is null)
        {
            return _pool.TryRent(out instance);
        }

        instance = _pool.RentShared(_getShared);
        return true;
    }

    public ValueTask<IModelInstance> RentAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(TryRent(out var warm) ? warm : IsShared ? _pool.RentShared(_getShared) : _pool.RentNew(_load));
    }

    /// <summary>
    /// A script of the caller's own, as an object of one of TorchSharp's classes for scripts; it outlives this model. Its tensors are the
    /// caller's to write to, whatever the code does: they share no memory with each other's or with those of other holders.
    /// </summary>
    public torch.jit.ScriptModule Materialise(Type type) => _pool.Use(() =>
    {
        var module = TorchInternals.Retype(Load(isOwned: true).Module, type);
        ScriptLoader.Register(module, _manifest.Tensors);
        return module;
    });

    public IDisposable? Lease(string holder) => _pool.Use(() => (_lease as ModelLease)?.Share(holder));

    public void BoundThreads(int? threads) => TorchThreads.BoundOrDefault(threads);

    public void RestoreThreads() => TorchThreads.Reset();

    public void ResetThread() => TorchThreadState.Reset();

    public bool TryRetain(ref object? argument, out IDisposable? retained) => RetainedArgument.TryTake(ref argument, out retained);

    public bool IsCausedByInput(Exception thrown) => LibTorchError.IsRefusal(thrown);

    public void Release(object? value) => Answers.Release(value);

    public void Dispose() => _pool.Dispose();

    private bool IsShared => !_facts.Stateful && !_apart;

    private void Free()
    {
        if (_shared is { } shared)
        {
            ModuleDisposal.Release(shared.Module);
        }

        ForgetMoved();
        _lease?.Dispose();
    }

    /// <summary>The program that all holders have; loaded by the first one, while others that need it wait.</summary>
    private ScriptProgram Shared()
    {
        if (Volatile.Read(ref _shared) is { } loaded)
        {
            return loaded;
        }

        lock (_loading)
        {
            if (_shared is null)
            {
                Volatile.Write(ref _shared, Load());
            }

            return _shared;
        }
    }

    private ScriptProgram Load(bool isOwned = false)
    {
        try
        {
            using var views = _map(IsShared && !isOwned);
            return new(
                ScriptLoader.Load(_skeleton, _manifest.Tensors, entry => TensorFor(views, entry, isOwned), Name, _device), _facts, Name);
        }
        catch
        {
            // Memory of a device that is too small for the model, most likely: not to be held by half a model. One that loads now moves it
            // anew.
            if (_pool.HasOneHolder)
            {
                ForgetMoved();
            }

            throw;
        }
    }

    private torch.Tensor TensorFor(IViewSource views, TensorEntry entry, bool isOwned)
    {
        if (_device.type == DeviceType.CPU)
        {
            return views.View(entry);
        }

        return isOwned || _apart || _facts.Copied.Contains(entry.Name) ? ToDevice(views, entry) : Moved(views, entry);
    }

    private torch.Tensor ToDevice(IViewSource views, TensorEntry entry)
    {
        using var view = views.View(entry);
        return view.to(_device).DetachFromDisposeScope();
    }

    /// <summary>Another tensor over the one copy on the device, which programs keep that outlive this model.</summary>
    private torch.Tensor Moved(IViewSource views, TensorEntry entry)
    {
        lock (_moved)
        {
            if (!_moved.TryGetValue(entry.Name, out var there))
            {
                _moved.Add(entry.Name, there = ToDevice(views, entry));
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
