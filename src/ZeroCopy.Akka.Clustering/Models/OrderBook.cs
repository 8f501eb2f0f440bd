using Akka.Actor;
using ZeroCopy.Clustering.Protocol;

namespace ZeroCopy.Clustering.Models;

/// <summary>
/// What nodes were ordered to hold and load of one name, and who failed it a moment ago, so that it is not tried there at once again. Not
/// thread-safe.
/// </summary>
/// <param name="clock">Behind the memory of failures.</param>
internal sealed class OrderBook(TimeProvider clock)
{
    /// <summary>How long a node is left alone that has failed a version.</summary>
    public static readonly TimeSpan FailureMemory = TimeSpan.FromSeconds(30);

    private readonly Dictionary<long, OpenOrder> _orders = [];
    private readonly HashSet<(IActorRef Sender, long Place)> _waiting = [];
    private readonly Dictionary<(Address Node, int Version), (DateTimeOffset Until, string Reason)> _failures = [];

    // An entity that was restarted is not to take answers to its last life for those to this one.
    private long _lastId = clock.GetUtcNow().UtcTicks;

    /// <summary>Whether every order was answered.</summary>
    public bool IsEmpty => _orders.Count == 0;

    /// <summary>An order that is about to be given.</summary>
    public OpenOrder Add(Address node, int version, bool warm = true)
    {
        var order = new OpenOrder(++_lastId, node, version, warm);
        _orders.Add(order.Id, order);
        return order;
    }

    /// <summary>An order; null where it was answered.</summary>
    public OpenOrder? Find(long id) => _orders.GetValueOrDefault(id);

    /// <summary>The order that a node has to load a version; null where it has none, or is to hold the version alone.</summary>
    public OpenOrder? Find(Address node, int version) =>
        _orders.Values.FirstOrDefault(order => order.Node == node && order.Version == version && order.Warm);

    /// <summary>Whether some node has an order for a version.</summary>
    public bool Has(int version) => _orders.Values.Any(order => order.Version == version);

    /// <summary>A call waits for an order, until that is ended.</summary>
    public void Wait(OpenOrder order, IActorRef sender, EntityRequest.Place place)
    {
        _waiting.Add((sender, place.Id));
        order.Waiting.Add((sender, place));
    }

    /// <summary>Whether a call waits for an order already: who has heard nothing asks again.</summary>
    public bool Awaits(IActorRef sender, long place) => _waiting.Contains((sender, place));

    /// <summary>The orders of a node.</summary>
    public IReadOnlyList<OpenOrder> At(Address node) => [.. _orders.Values.Where(order => order.Node == node)];

    /// <summary>An order was answered, with why it cannot be carried out or null; returns it, or null where it was ended before.</summary>
    public OpenOrder? End(long id, string? failure)
    {
        if (!_orders.Remove(id, out var order))
        {
            return null;
        }

        _waiting.ExceptWith(order.Waiting.Select(call => (call.Sender, call.Place.Id)));
        if (failure is not null)
        {
            _failures[(order.Node, order.Version)] = (clock.GetUtcNow() + FailureMemory, failure);
        }

        return order;
    }

    /// <summary>A node has loaded a version after all.</summary>
    public void Forgive(Address node, int version) => _failures.Remove((node, version));

    /// <summary>Forgets who failed versions that nobody holds any more: what comes under such a number is another model.</summary>
    public void Keep(IEnumerable<int> versions)
    {
        if (_failures.Count > 0)
        {
            var held = versions.ToHashSet();
            foreach (var gone in _failures.Keys.Where(failure => !held.Contains(failure.Version)).ToArray())
            {
                _failures.Remove(gone);
            }
        }
    }

    /// <summary>Whether a node has failed a version a moment ago.</summary>
    public bool HasFailed(Address node, int version) =>
        _failures.TryGetValue((node, version), out var failure) && failure.Until > clock.GetUtcNow();

    /// <summary>The nodes that have, and why.</summary>
    public IEnumerable<(Address Node, string Reason)> Failed(int version) =>
        from failure in _failures
        where failure.Key.Version == version && HasFailed(failure.Key.Node, version)
        select (failure.Key.Node, failure.Value.Reason);
}
