using Akka.Routing;
using ZeroCopy.Actors.Batching;
using ZeroCopy.Actors.Calls;

namespace ZeroCopy.Actors.Routing;

/// <summary>
/// An idle actor, else the one with the fewest calls, those that fail their calls last. Thread-safe: routes on the sender's thread.
/// </summary>
/// <remarks>
/// Akka's own smallest-mailbox logic takes any empty mailbox, also that of an actor in the middle of a message. Where a message is a
/// model's whole computation that puts a call behind a busy actor while others idle. And what it reads of a mailbox and its actor lies in
/// several lines of the cache of the processor that serves it, which wait for each other at every call: that takes a pool of short calls a
/// hundredth of its rows.
/// </remarks>
internal sealed class LeastBusyRoutingLogic(ActorLoads loads) : RoutingLogic
{
    // Those of the routees that were seen last: a router has another array when they change.
    private Known _known = new([], []);

    public override Routee Select(object message, Routee[] routees)
    {
        var known = _known;
        if (known.Routees != routees)
        {
            _known = known = new Known(
                routees, Array.ConvertAll(routees, routee => (routee as ActorRefRoutee)?.Actor is { } actor ? loads.Of(actor) : null));
        }

        ActorLoad? least = null;
        var chosen = Routee.NoRoutee;
        var fewest = int.MaxValue;
        for (var i = 0; i < routees.Length && fewest > 0; i++)
        {
            if (known.Loads[i] is { } load && load.Weight is var count && count < fewest)
            {
                (least, chosen, fewest) = (load, routees[i], count);
            }
        }

        if (message is InferenceCall or CallBatch)
        {
            least?.Add();
        }

        return chosen;
    }

    private sealed record Known(Routee[] Routees, ActorLoad?[] Loads);
}
