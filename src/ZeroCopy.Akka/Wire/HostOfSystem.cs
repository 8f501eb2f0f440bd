using System.Runtime.CompilerServices;
using Akka.Actor;

namespace ZeroCopy.Wire;

/// <summary>Which host object the wrappers that an actor system receives are loaded from.</summary>
internal static class HostOfSystem
{
    private static readonly ConditionalWeakTable<ActorSystem, ZeroCopyHost> Hosts = [];

    public static void Set(ActorSystem system, ZeroCopyHost host) => Hosts.AddOrUpdate(system, host);

    /// <summary>The system's host; the process's default where none was set.</summary>
    public static ZeroCopyHost Of(ActorSystem system) => Hosts.TryGetValue(system, out var host) ? host : ZeroCopyHost.Default;
}
