using ZeroCopy.Actors.Telemetry;
using ZeroCopy.Errors;
using ZeroCopy.Store;

namespace ZeroCopy.Actors.Stores;

/// <summary>
/// The one store of an actor system: given, or opened by who needs it first, and then closed with the system. Thread-safe.
/// </summary>
internal sealed class SystemStore
{
    private readonly Lock _gate = new();
    private readonly ObjectStoreOptions _configured;
    private readonly bool _owned;
    private ObjectStore? _store;
    private IDisposable? _observed;
    private bool _closed;

    /// <param name="given">A store that is open already and stays its opener's; null for one of the system's own.</param>
    /// <param name="configured">How it is opened where nobody says anything else.</param>
    public SystemStore(ObjectStore? given, ObjectStoreOptions configured)
    {
        _configured = configured;
        _owned = given is null;
        if (given is not null)
        {
            Use(given);
        }
    }

    /// <summary>The store where it is open; null else.</summary>
    public ObjectStore? Current
    {
        get
        {
            lock (_gate)
            {
                return _closed ? null : _store;
            }
        }
    }

    /// <summary>The store, the same one for all. A failure to open it is not remembered.</summary>
    /// <param name="options">Instead of the configured options; null for the store as it is.</param>
    /// <exception cref="StoreUnavailableException">Its directory cannot be used, or the system has ended.</exception>
    /// <exception cref="InvalidOperationException">It is open already with other options.</exception>
    public ObjectStore Open(ObjectStoreOptions? options = null)
    {
        // Opening under the lock makes the second one wait, who could do nothing without the store.
        lock (_gate)
        {
            if (_closed)
            {
                throw new StoreUnavailableException("The actor system has ended, and with it its use of the object store.");
            }

            var store = _store ?? Use(ObjectStore.Open(options ?? _configured));
            return options is null || options == store.Options ? store : throw new InvalidOperationException(
                $"The actor system's store is open already, in {store.Options.Directory}, with other options than those given for "
                + $"{options.Directory}: give them before anything uses the store, or set zerocopy.object-store in HOCON.");
        }
    }

    /// <summary>Closes the store unless it was given, also one that is just being opened.</summary>
    public void Close()
    {
        lock (_gate)
        {
            if (!_closed && _store is { } store)
            {
                _observed?.Dispose();
                if (_owned)
                {
                    store.Dispose();
                }
            }

            _closed = true;
        }
    }

    private ObjectStore Use(ObjectStore store)
    {
        _observed = ObservedStores.Add(store);
        return _store = store;
    }
}
