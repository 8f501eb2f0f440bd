using Akka.Actor;
using Akka.Routing;

namespace ZeroCopy.Actors.Routing;

/// <summary>
/// An idle actor, else the one with the fewest messages waiting. Thread-safe: routes on the sender's thread.
/// </summary>
/// <remarks>
/// Akka's own smallest-mailbox logic takes any empty mailbox, also that of an actor in the middle of a message. Where a message is a model's
/// whole computation that puts a call behind a busy actor while others idle.
/// </remarks>
internal sealed class LeastBusyRoutingLogic : RoutingLogic
{
    public override Routee Select(object message, Routee[] routees)
    {
        var least = Routee.NoRoutee;
        var fewest = int.MaxValue;
        foreach (var routee in routees)
        {
            var load = Load(routee);
            if (load == 0)
            {
                return routee;
            }

            if (load < fewest)
            {
                fewest = load;
                least = routee;
            }
        }

        return least;
    }

    private static int Load(Routee routee)
    {
        if (routee is not ActorRefRoutee { Actor: ActorRefWithCell { Underlying: { } cell } })
        {
            return int.MaxValue - 1;
        }

        return cell.NumberOfMessages + (cell is ActorCell { CurrentMessage: not null } ? 1 : 0);
    }
}
