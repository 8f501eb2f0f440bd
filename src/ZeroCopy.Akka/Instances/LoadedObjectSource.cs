using System.Diagnostics.CodeAnalysis;
using ZeroCopy.Manifests;
using ZeroCopy.Pipelines;
using ZeroCopy.Runtime;
using ZeroCopy.Store;
using ZeroCopy.Torch.Instances;
using ZeroCopy.Torch.Native;
using ZeroCopy.Torch.Native.Threads;

namespace ZeroCopy.Instances;

/// <summary>
/// Rents out objects that a wrapper loads, pipelines above all, or that somebody makes of one: to one holder each, for calls may leave
/// something in them. Thread-safe.
/// </summary>
internal sealed class LoadedObjectSource : IInstanceSource, IDisposable
{
    private readonly ObjectStore _store;
    private readonly IReadOnlyList<ModelId> _models;
    private readonly Func<object> _load;
    private readonly InstancePool<object> _pool;

    /// <param name="name">For errors and logs.</param>
    /// <param name="store">What has the models.</param>
    /// <param name="models">What the objects are made of.</param>
    /// <param name="load">Loads another object.</param>
    public LoadedObjectSource(string name, ObjectStore store, IReadOnlyList<ModelId> models, Func<LoadedObject> load)
        : this(name, store, models, () => load().Root, static root => LoadedObject.Release(root))
    {
    }

    /// <param name="name">For errors and logs.</param>
    /// <param name="store">What has the models.</param>
    /// <param name="models">What the objects are made of.</param>
    /// <param name="make">Makes another object.</param>
    /// <param name="release">Releases one. It must not throw.</param>
    public LoadedObjectSource(string name, ObjectStore store, IReadOnlyList<ModelId> models, Func<object> make, Action<object> release)
    {
        Name = name;
        _store = store;
        _models = models;
        _load = make;
        _pool = new InstancePool<object>(name, maxIdle: 0, release);
    }

    public string Name { get; }

    public bool TryRent([NotNullWhen(true)] out IModelInstance? instance) => _pool.TryRent(out instance);

    public ValueTask<IModelInstance> RentAsync(CancellationToken cancellationToken = default) =>
        new(Task.Run(() => _pool.RentNew(_load), cancellationToken));

    public IDisposable Lease(string holder) => ModelLeases.Acquire(_store, _models, holder);

    public void BoundThreads(int? threads) => TorchThreads.BoundOrDefault(threads);

    public void RestoreThreads() => TorchThreads.Reset();

    public void ResetThread() => TorchThreadState.Reset();

    public bool TryRetain(ref object? argument, out IDisposable? retained) => RetainedArgument.TryTake(ref argument, out retained);

    public bool IsCausedByInput(Exception thrown) => LibTorchError.IsRefusal(thrown);

    public void Release(object? value) => Answers.Release(value);

    /// <summary>Ends renting; objects still rented are released when they are returned.</summary>
    public void Dispose() => _pool.Dispose();
}
