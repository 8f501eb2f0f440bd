using System.Runtime.CompilerServices;
using Akka.Actor;

namespace ZeroCopy.Actors.Routing;

/// <summary>What the actors of a pool have to do. Thread-safe.</summary>
internal sealed class ActorLoads
{
    // Keeps no actor that is gone.
    private readonly ConditionalWeakTable<IActorRef, ActorLoad> _loads = [];

    /// <summary>The load of an actor, which outlives its restarts.</summary>
    public ActorLoad Of(IActorRef actor) => _loads.GetOrCreateValue(actor);
}
