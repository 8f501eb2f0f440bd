using ZeroCopy.Errors;
using ZeroCopy.Store;

namespace ZeroCopy.Actors.Stores;

/// <summary>
/// The one store of an actor system: given, or opened by who needs it first, and then closed with the system. Thread-safe.
/// </summary>
/// <param name="given">A store that is open already and stays its opener's; null for one of the system's own.</param>
/// <param name="configured">How it is opened where nobody says anything else.</param>
internal sealed class SystemStore(ObjectStore? given, ObjectStoreOptions configured)
{
    private readonly Lock _gate = new();
    private readonly bool _owned = given is null;
    private ObjectStore? _store = given;
    private bool _closed;

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

            _store ??= ObjectStore.Open(options ?? configured);
            return options is null || options == _store.Options ? _store : throw new InvalidOperationException(
                $"The actor system's store is open already, in {_store.Options.Directory}, with other options than those given for "
                + $"{options.Directory}: give them before anything uses the store, or set zerocopy.object-store in HOCON.");
        }
    }

    /// <summary>Closes the store unless it was given, also one that is just being opened.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            if (_owned)
            {
                _store?.Dispose();
            }
        }
    }
}
