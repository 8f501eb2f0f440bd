using Akka.Actor;

namespace ZeroCopy.Actors.Remoting;

/// <summary>Who sends requests.</summary>
internal static class Senders
{
    /// <summary>Whether a sender is one <c>Ask</c>: it takes one message, and its end is not told of.</summary>
    public static bool IsAsk(this IActorRef sender) => sender.Path.Elements is ["temp", ..];
}
