using Akka.Actor;
using Akka.Routing;
using Akka.Util;

namespace ZeroCopy.Actors.Routing;

/// <summary>A pool router that gives a message to an idle actor, else to the one with the fewest messages waiting.</summary>
internal sealed class LeastBusyPool(ActorLoads loads, int size, Resizer? resizer, SupervisorStrategy strategy, string dispatcher)
    : Pool(size, resizer, strategy, dispatcher, usePoolDispatcher: false)
{
    public override Router CreateRouter(ActorSystem system) => new(new LeastBusyRoutingLogic(loads));

    public override int GetNrOfInstances(ActorSystem system) => NrOfInstances;

    /// <summary>Never called: the pools of inference actors are made in the process that they run in.</summary>
    public override ISurrogate ToSurrogate(ActorSystem system) => throw new NotSupportedException("A pool does not cross processes.");
}
