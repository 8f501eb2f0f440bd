using System.Collections.Concurrent;
using System.Collections.Immutable;
using Akka.Event;
using ZeroCopy.Actors.Inference;
using ZeroCopy.Endpoints;

namespace ZeroCopy.Actors.Endpoints;

/// <summary>
/// Everything that this node can be called for by named tensors: pools that code made, pools that HOCON declares, and models of the store.
/// Thread-safe.
/// </summary>
internal sealed class NodeDirectory(ILoggingAdapter log) : IEndpointDirectory
{
    private readonly ConcurrentDictionary<string, PoolEndpoint> _pools = new(StringComparer.Ordinal);
    private ServedModels? _models;

    /// <inheritdoc/>
    public event Action? Changed;

    /// <summary>What is served without code; null where nothing can build models.</summary>
    public ServedModels? Models => Volatile.Read(ref _models);

    /// <summary>The pools behind all of it, in no order.</summary>
    public IEnumerable<InferencePool> Pools => _pools.Values.Select(endpoint => endpoint.Pool).Concat(Models?.Pools ?? []);

    /// <summary>Lists a pool that code made, until it stops.</summary>
    public void Add(PoolEndpoint endpoint, InferencePool pool)
    {
        _pools[endpoint.Name] = endpoint;
        pool.Changed += Raise;
        // First noted, then looked at, as a pool that stops is first closed and then forgotten.
        Interlocked.MemoryBarrier();
        if (pool.IsClosed)
        {
            _pools.TryRemove(new(endpoint.Name, endpoint));
        }

        Raise();
    }

    /// <summary>Forgets a pool, which has stopped.</summary>
    public void Remove(string name)
    {
        if (_pools.TryRemove(name, out _))
        {
            Raise();
        }
    }

    /// <summary>Serves what needs no code, from now on.</summary>
    public void Serve(ServedModels models)
    {
        models.Changed += Raise;
        Volatile.Write(ref _models, models);
        Raise();
    }

    /// <summary>Serves it no longer.</summary>
    public void Forget(ServedModels models)
    {
        if (Interlocked.CompareExchange(ref _models, null, models) == models)
        {
            models.Changed -= Raise;
            Raise();
        }
    }

    /// <inheritdoc/>
    public ValueTask<IModelEndpoint?> FindAsync(string name, int? version = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        cancellationToken.ThrowIfCancellationRequested();
        return version is null && _pools.TryGetValue(name, out var pool) ? ValueTask.FromResult<IModelEndpoint?>(pool)
            : Models is { } models ? models.FindAsync(name, version, cancellationToken)
            : default;
    }

    /// <inheritdoc/>
    public async ValueTask<ImmutableArray<IModelEndpoint>> ListAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var served = Models is { } models ? await models.ListAsync(cancellationToken).ConfigureAwait(false) : [];
        return
        [
            .. _pools.Values.Concat(served).OrderBy(endpoint => endpoint.Name, StringComparer.Ordinal).ThenBy(endpoint => endpoint.Version),
        ];
    }

    /// <summary>All of it, and whether each has a pool; nothing where the store cannot be read.</summary>
    public IEnumerable<(IModelEndpoint Model, bool HasPool)> Measure()
    {
        var listing = ListAsync();
        // What this node has itself is known at once.
        return listing.IsCompletedSuccessfully
            ? listing.Result.Select(endpoint => (endpoint, endpoint is IServedEndpoint { ReadyActors: > 0 })) : [];
    }

    private void Raise() => ChangeEvent.Raise(Changed, log);
}
