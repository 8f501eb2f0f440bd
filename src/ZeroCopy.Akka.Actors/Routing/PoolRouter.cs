using Akka.Actor;
using Akka.Routing;
using ZeroCopy.Actors.Settings;

namespace ZeroCopy.Actors.Routing;

/// <summary>How a pool with a routing strategy is routed: all that a strategy is made of, but for its name.</summary>
/// <param name="Create">Akka's router for a number of actors.</param>
/// <param name="CountsLoads">Whether it goes by the actors' loads, which cost a little to count.</param>
/// <param name="BindsCalls">Whether a call belongs to the actor that was chosen, also where that one has no model yet.</param>
internal sealed record PoolRouter(Func<PoolRouter.Parts, RouterConfig> Create, bool CountsLoads = false, bool BindsCalls = false)
{
    private const string Dispatcher = Akka.Dispatch.Dispatchers.DefaultDispatcherId;

    private static readonly PoolRouter SmallestMailbox = new(
        parts => new LeastBusyPool(parts.Loads!, parts.Size, parts.Resizer, parts.Supervision, Dispatcher), CountsLoads: true);

    private static readonly PoolRouter RoundRobin = new(
        parts => new RoundRobinPool(parts.Size, parts.Resizer, parts.Supervision, Dispatcher));

    private static readonly PoolRouter ConsistentHashing = new(
        parts => new ConsistentHashingPool(parts.Size, parts.Resizer, parts.Supervision, Dispatcher), BindsCalls: true);

    /// <summary>That of a strategy.</summary>
    public static PoolRouter Of(RoutingStrategy strategy) => strategy switch
    {
        RoutingStrategy.SmallestMailbox => SmallestMailbox,
        RoutingStrategy.RoundRobin => RoundRobin,
        RoutingStrategy.ConsistentHashing => ConsistentHashing,
        _ => throw new ArgumentOutOfRangeException(nameof(strategy), strategy, "Not a routing strategy."),
    };

    /// <summary>What a router is made with.</summary>
    /// <param name="Size">Number of actors, at first.</param>
    /// <param name="Resizer">Changes their number; null for none.</param>
    /// <param name="Supervision">What happens to an actor that crashes.</param>
    /// <param name="Loads">The actors' loads; null where they are not counted.</param>
    internal readonly record struct Parts(int Size, Resizer? Resizer, SupervisorStrategy Supervision, ActorLoads? Loads);
}
