using Akka.Actor;
using Akka.Configuration;

namespace ZeroCopy.Actors.Wire;

/// <summary>How messages of the product get their serializers in an actor system that was started without their settings.</summary>
internal static class SerializerBinding
{
    /// <summary>
    /// Brings the settings of a serializer in, where the system lacks them. By settings and not by code: whenever an extension brings some
    /// of its own, Akka reads all bindings anew, and forgets what was added by code.
    /// </summary>
    /// <param name="system">The system.</param>
    /// <param name="name">The serializer under <c>akka.actor.serializers</c>.</param>
    /// <param name="settings">Its settings under <c>akka.actor</c>.</param>
    public static void Add(ActorSystem system, string name, Config settings)
    {
        if (!system.Settings.Config.HasPath($"akka.actor.serializers.{name}"))
        {
            system.Settings.InjectTopLevelFallback(settings);
        }
    }
}
