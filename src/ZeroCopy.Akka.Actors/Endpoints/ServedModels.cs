using System.Collections.Immutable;
using System.Diagnostics;
using Akka.Event;
using ZeroCopy.Actors.Inference;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Store.Files;

namespace ZeroCopy.Actors.Endpoints;

/// <summary>
/// The pools that HOCON declares and the models of the store: everything on this node that is served without code. Looks at the store at an
/// interval, which starts declared pools whose model has come, lets newer versions take over, and ends pools that were idle for too long.
/// Thread-safe.
/// </summary>
internal sealed class ServedModels : IEndpointDirectory, IAsyncDisposable
{
    private const string DefaultsPath = "zerocopy.inference.pool-defaults";
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, NamedEndpoint> _named = new(StringComparer.Ordinal);
    private readonly Dictionary<ModelName, ModelEndpoint> _versions = [];
    private readonly ImmutableSortedDictionary<string, NamedEndpoint> _declared;
    private readonly ObjectStore _store;
    private readonly InferenceSettings _settings;
    private readonly ServingContext _serving;
    private readonly ITimer _timer;
    private IReadOnlyList<ModelHandle> _stored = [];
    private int _listedOther;
    private string? _lastProblem;
    private int _refreshing;

    public ServedModels(
        ObjectStore store, IModelOpener opener, PoolStarter starter, Withdrawals withdrawals, InferenceSettings settings,
        TimeProvider clock, ILoggingAdapter log)
    {
        _store = store;
        _settings = settings;
        _serving = new ServingContext(opener, starter, withdrawals, clock, log, OnChanged);
        withdrawals.Changed += OnWithdrawn;
        _declared = settings.Pools.Where(pool => pool.Value.Model is not null)
            .ToImmutableSortedDictionary(pool => pool.Key, pool => Declared(pool.Key, pool.Value), StringComparer.Ordinal);
        _timer = clock.CreateTimer(static served => ((ServedModels)served!).Refresh(), this, TimeSpan.Zero, settings.RefreshInterval);
    }

    /// <inheritdoc/>
    public event Action? Changed;

    /// <summary>Builds models.</summary>
    public IModelOpener Opener => _serving.Opener;

    /// <summary>Pools that run.</summary>
    public IEnumerable<InferencePool> Pools => _serving.Pools;

    /// <inheritdoc/>
    public ValueTask<IModelEndpoint?> FindAsync(string name, int? version = null, CancellationToken cancellationToken = default) =>
        AskAsync<IModelEndpoint?>(() => Find(name, version), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<ImmutableArray<IModelEndpoint>> ListAsync(CancellationToken cancellationToken = default) =>
        AskAsync(List, cancellationToken);

    /// <summary>Asks again, holding no thread, while others hold the store's lock and what is asked for is not known.</summary>
    /// <exception cref="InferenceException">They held it for half a minute, or the store cannot be used.</exception>
    private static async ValueTask<T> AskAsync<T>(Func<T> ask, CancellationToken cancellationToken)
    {
        // The clock of the operating system, as others hold the lock.
        for (var started = Stopwatch.GetTimestamp(); ; await Task.Delay(Pause, cancellationToken).ConfigureAwait(false))
        {
            try
            {
                return ask();
            }
            catch (StoreUnavailableException e) when (!e.IsBusy || Stopwatch.GetElapsedTime(started) > StoreLock.Patience)
            {
                throw new InferenceException(InferenceFailure.LoadFailed, e.Message, e);
            }
            catch (StoreUnavailableException)
            {
                // Until the next time.
            }
        }
    }

    private ImmutableArray<IModelEndpoint> List()
    {
        var declared = _declared.Values.ToImmutableArray<IModelEndpoint>();
        var served = declared.Select(pool => (pool.Name, pool.Version)).ToHashSet();
        var stored = _store.ListNames(waits: false);
        if (!stored.SequenceEqual(_stored))
        {
            // Who lists now hears of the next change, also where that brings back what was known before.
            Volatile.Write(ref _listedOther, 1);
        }

        IEnumerable<IModelEndpoint> models = stored.Where(CanOpen)
            .Where(model => !served.Contains((model.Name!.Value.Name, model.Name.Value.Version)))
            .Where(model => !_serving.Withdrawals.Hides(model.Name!.Value)).Select(Version);
        return [.. declared.Concat(models).OrderBy(endpoint => endpoint.Name, StringComparer.Ordinal).ThenBy(endpoint => endpoint.Version)];
    }

    /// <summary>Starts no more pools.</summary>
    public void Close()
    {
        _serving.Withdrawals.Changed -= OnWithdrawn;
        _serving.Close();
        _timer.Dispose();
    }

    /// <summary>Closes it and drains its pools.</summary>
    public async ValueTask DisposeAsync()
    {
        Close();
        await Task.WhenAll(Pools.Select(pool => pool.DrainAsync())).ConfigureAwait(false);
    }

    private IServedEndpoint? Find(string name, int? version)
    {
        var declared = _declared.GetValueOrDefault(name);
        if (declared is not null && (version is null || version == declared.Version))
        {
            return declared;
        }

        // A name that is none is a name of nothing.
        if (!ModelName.TryParse(name, out var model) || model.Version is not null || version < 1
            || Resolved(new ModelName(name, version)) is not { } found || !CanOpen(found))
        {
            return null;
        }

        if (version is not null)
        {
            return Version(found);
        }

        NamedEndpoint? named;
        lock (_lock)
        {
            if (!_named.TryGetValue(name, out named))
            {
                _named.Add(name, named = new NamedEndpoint(
                    Undeclared(name), () => Resolve(model), () => Versions(model), Version, _serving));
            }
        }

        named.Look();
        return named;
    }

    private ModelHandle? Resolved(ModelName name)
    {
        try
        {
            return Resolve(name);
        }
        catch (ModelNotFoundException)
        {
            return null;
        }
    }

    /// <summary>The model of a name, without a wait; without a version the newest of those that stay.</summary>
    private ModelHandle Resolve(ModelName name)
    {
        var found = _store.Resolve(name, waits: false);
        if (!IsRefused(found))
        {
            return found;
        }

        return (name.Version is null ? Versions(name).MaxBy(held => held.Name!.Value.Version) : null)
            ?? throw new ModelNotFoundException($"{found.Name} is being removed from this node.");
    }

    /// <summary>The models that a name covers and that stay, without a wait.</summary>
    private IEnumerable<ModelHandle> Versions(ModelName name) =>
        _store.ListNames(waits: false).Where(held => name.Covers(held.Name!.Value) && !IsRefused(held));

    private bool IsRefused(ModelHandle model) => _serving.Withdrawals.Refuses(model.Name!.Value);

    private NamedEndpoint Declared(string name, PoolSettings settings)
    {
        var plan = new ModelPlan(name, settings, $"zerocopy.inference.pools.{name}");
        return new NamedEndpoint(
            plan,
            () => _store.Resolve(settings.Model!.Value, waits: false),
            () => Versions(settings.Model!.Value),
            model => new ModelEndpoint(plan, model, _serving),
            _serving);
    }

    private ModelPlan Undeclared(string name) => new(name, _settings.PoolDefaults, DefaultsPath);

    /// <summary>The endpoint of a version that no pool is declared for.</summary>
    private ModelEndpoint Version(ModelHandle model)
    {
        var name = model.Name!.Value;
        lock (_lock)
        {
            if (!_versions.TryGetValue(name, out var known) || known.Model.Id != model.Id)
            {
                known?.EndWhenUnused();
                _versions[name] = known = new ModelEndpoint(Undeclared(name.Name), model, _serving);
            }

            return known;
        }
    }

    private bool CanOpen(ModelHandle model)
    {
        try
        {
            return _serving.Opener.CanOpen(model);
        }
        catch (ZeroCopyException e) when (e is not StoreUnavailableException)
        {
            // Removed since it was listed, or no manifest: the store's own checks tell of it.
            return false;
        }
    }

    private void Refresh()
    {
        if (Interlocked.Exchange(ref _refreshing, 1) != 0)
        {
            return;
        }

        try
        {
            var listedOther = Interlocked.Exchange(ref _listedOther, 0) != 0;
            var stored = _store.ListNames();
            foreach (var pool in _declared.Values)
            {
                pool.Look();
            }

            Update(stored, listedOther);
            EndIdle();
            _serving.ReleaseMemory();
            _lastProblem = null;
        }
        catch (Exception e) when (e is ObjectDisposedException or InferenceException { Failure: InferenceFailure.ShuttingDown })
        {
            // The store was closed, and this is closed next.
        }
        catch (Exception e)
        {
            if (_lastProblem != e.Message)
            {
                _serving.Log.Error(e, "The store cannot be looked at for models to serve, and is again in {0}", _settings.RefreshInterval);
                _lastProblem = e.Message;
            }
        }
        finally
        {
            Volatile.Write(ref _refreshing, 0);
        }
    }

    /// <summary>Also what cannot be built here is told of: others may.</summary>
    private void Update(IReadOnlyList<ModelHandle> stored, bool listedOther)
    {
        if (!listedOther && stored.SequenceEqual(_stored))
        {
            return;
        }

        _stored = stored;
        var names = stored.Select(model => model.Name!.Value).ToHashSet();
        var stay = names.Select(name => name.Name).ToHashSet();
        NamedEndpoint[] named;
        lock (_lock)
        {
            named = [.. _named.Values];
            // Whoever has the endpoint of one calls by it on; who looks for the name when it is back gets another one.
            foreach (var gone in named.Where(endpoint => !stay.Contains(endpoint.Name)))
            {
                _named.Remove(gone.Name);
            }

            foreach (var gone in _versions.Keys.Where(name => !names.Contains(name)).ToArray())
            {
                _versions.Remove(gone, out var endpoint);
                endpoint!.EndWhenUnused();
            }
        }

        foreach (var endpoint in named)
        {
            endpoint.Look();
        }

        OnChanged();
    }

    private void EndIdle()
    {
        if (_settings.IdleTimeout is not { } limit)
        {
            return;
        }

        ModelEndpoint[] versions;
        lock (_lock)
        {
            versions = [.. _versions.Values];
        }

        foreach (var version in versions)
        {
            version.EndIfIdle(limit);
        }
    }

    /// <summary>Pools whose calls are refused end with their last one.</summary>
    private void OnWithdrawn()
    {
        ModelEndpoint[] refused;
        NamedEndpoint[] named;
        lock (_lock)
        {
            refused = [.. _versions.Where(version => _serving.Withdrawals.Refuses(version.Key)).Select(version => version.Value)];
            named = [.. _named.Values.Where(endpoint => endpoint.IsRefused)];
        }

        // Nobody may call them until it is gone.
        foreach (var endpoint in named)
        {
            endpoint.Look();
        }

        foreach (var version in refused)
        {
            version.EndWhenUnused();
        }

        OnChanged();
    }

    /// <summary>Of an endpoint of a name; of any where that is null.</summary>
    private void OnChanged(string? name = null)
    {
        NamedEndpoint?[] named;
        lock (_lock)
        {
            // Thousands of models may start at once.
            named = name is null ? [.. _named.Values, .. _declared.Values]
                : [_named.GetValueOrDefault(name), _declared.GetValueOrDefault(name)];
        }

        foreach (var endpoint in named)
        {
            endpoint?.TakeOver();
        }

        Changed?.Invoke();
    }
}
