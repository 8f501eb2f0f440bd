using Akka.Actor;
using ZeroCopy.Actors.Telemetry;
using ZeroCopy.Store;

namespace ZeroCopy.Actors.Stores;

/// <summary>Which actor holds which leases. Not thread-safe. Invariant: a holder is listed exactly while it has a lease.</summary>
internal sealed class LeaseLedger
{
    private readonly Dictionary<long, (IActorRef Holder, ModelLease Lease)> _leases = [];
    private readonly Dictionary<IActorRef, HashSet<long>> _holders = [];
    private long _next;

    public int Count => _leases.Count;

    /// <summary>Adds a lease; true where the holder had none, and so is to be watched from now on.</summary>
    public (long Id, bool FirstOfHolder) Add(IActorRef holder, ModelLease lease)
    {
        var id = ++_next;
        _leases[id] = (holder, lease);
        var first = !_holders.TryGetValue(holder, out var held);
        if (first)
        {
            _holders[holder] = held = [];
        }

        held!.Add(id);
        Instruments.Leased(1);
        return (id, first);
    }

    /// <summary>Ends a lease; the holder where that was its last one, and so is no longer to be watched.</summary>
    public IActorRef? Release(long id)
    {
        if (!_leases.Remove(id, out var entry))
        {
            return null;
        }

        entry.Lease.Dispose();
        Instruments.Leased(-1);
        var held = _holders[entry.Holder];
        held.Remove(id);
        if (held.Count > 0)
        {
            return null;
        }

        _holders.Remove(entry.Holder);
        return entry.Holder;
    }

    /// <summary>Ends all leases of a holder that is gone.</summary>
    public void ReleaseAll(IActorRef holder)
    {
        if (_holders.TryGetValue(holder, out var held))
        {
            foreach (var id in held.ToArray())
            {
                Release(id);
            }
        }
    }

    /// <summary>Ends every lease.</summary>
    public void Clear()
    {
        foreach (var id in _leases.Keys.ToArray())
        {
            Release(id);
        }
    }
}
