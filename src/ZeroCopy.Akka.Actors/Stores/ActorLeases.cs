using Akka.Actor;

namespace ZeroCopy.Actors.Stores;

/// <summary>
/// What the actors of this system hold of the store, and who ends it: a lease ends when it is disposed, when its actor stops or crashes for
/// good, or with the system. It is no list of what is held: the store itself has that, see
/// <see cref="ZeroCopy.Store.ObjectStore.ListLeases"/>. Thread-safe. Invariant: a holder is listed exactly while it has a lease.
/// </summary>
internal sealed class ActorLeases : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<long, ActorLease> _leases = [];
    private readonly Dictionary<IActorRef, HashSet<ActorLease>> _holders = [];
    private IActorRef _watcher = ActorRefs.Nobody;
    private long _last;
    private bool _ended;

    /// <summary>Has an actor hold a lease, which belongs to this object from now on. The actor may be anybody's, of any node.</summary>
    /// <returns>What ends the lease; it has ended already where the system has.</returns>
    public ActorLease Hold(IActorRef holder, IDisposable lease)
    {
        var held = new ActorLease(this, Interlocked.Increment(ref _last), holder, lease);
        IActorRef? watcher = null;
        bool ended;
        lock (_gate)
        {
            ended = _ended;
            if (!ended)
            {
                _leases.Add(held.Id, held);
                if (!_holders.TryGetValue(holder, out var all))
                {
                    _holders.Add(holder, all = []);
                    watcher = _watcher;
                }

                all.Add(held);
            }
        }

        if (ended)
        {
            lease.Dispose();
        }

        // One that stopped before is reported at once.
        watcher?.Tell(new NewHolder(holder), ActorRefs.NoSender);
        return held;
    }

    /// <summary>
    /// Tells who watches holders from now on, and ends their leases when they stop: it gets a <see cref="NewHolder"/> for each further one.
    /// </summary>
    /// <returns>The holders until now.</returns>
    public IReadOnlyList<IActorRef> WatchedBy(IActorRef watcher)
    {
        lock (_gate)
        {
            _watcher = watcher;
            return [.. _holders.Keys];
        }
    }

    /// <summary>Ends a lease; nothing where it has ended.</summary>
    public void End(long id)
    {
        ActorLease? lease;
        lock (_gate)
        {
            _leases.TryGetValue(id, out lease);
        }

        lease?.Dispose();
    }

    /// <summary>Ends all leases of a holder.</summary>
    public void EndAll(IActorRef holder)
    {
        ActorLease[] all;
        lock (_gate)
        {
            all = _holders.TryGetValue(holder, out var held) ? [.. held] : [];
        }

        Array.ForEach(all, lease => lease.Dispose());
    }

    /// <summary>Ends every lease, and those that come later at once.</summary>
    public void Dispose()
    {
        ActorLease[] all;
        lock (_gate)
        {
            _ended = true;
            all = [.. _leases.Values];
        }

        Array.ForEach(all, lease => lease.Dispose());
    }

    /// <summary>Forgets a lease; false where that was done before.</summary>
    internal bool TryForget(ActorLease lease)
    {
        lock (_gate)
        {
            if (!_leases.Remove(lease.Id))
            {
                return false;
            }

            var held = _holders[lease.Holder];
            held.Remove(lease);
            if (held.Count == 0)
            {
                // Still watched: whoever comes and goes would have it watched and unwatched each time.
                _holders.Remove(lease.Holder);
            }

            return true;
        }
    }

    /// <summary>An actor has its first lease.</summary>
    internal sealed record NewHolder(IActorRef Holder);
}
