using Akka.Event;

namespace ZeroCopy.Actors.Endpoints;

/// <summary>Events that actors raise, whose handlers are other people's code.</summary>
internal static class ChangeEvent
{
    /// <summary>
    /// Calls every handler. What one of them throws is logged: neither the others nor the actor on whose thread it is pay for it.
    /// </summary>
    /// <param name="handlers">Those of the event; null where it has none.</param>
    /// <param name="log">The log.</param>
    public static void Raise(Action? handlers, ILoggingAdapter log)
    {
        foreach (var handler in Delegate.EnumerateInvocationList(handlers))
        {
            try
            {
                handler();
            }
            catch (Exception e)
            {
                log.Error(e, "A handler of a change of endpoints failed");
            }
        }
    }
}
