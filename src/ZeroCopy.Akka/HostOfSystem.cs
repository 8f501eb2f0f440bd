using System.Runtime.CompilerServices;
using Akka.Actor;

namespace ZeroCopy;

/// <summary>The one host of each actor system. Thread-safe.</summary>
internal static class HostOfSystem
{
    private static readonly Lock Gate = new();
    private static readonly ConditionalWeakTable<ActorSystem, ZeroCopyHost> Hosts = [];

    /// <summary>The system's host; opened now where there is none.</summary>
    public static ZeroCopyHost GetOrOpen(ActorSystem system, Func<ZeroCopyHost> open)
    {
        if (Hosts.TryGetValue(system, out var known))
        {
            return known;
        }

        lock (Gate)
        {
            return Hosts.TryGetValue(system, out known) ? known : Added(system, open());
        }
    }

    /// <summary>Opens the system's host.</summary>
    /// <exception cref="InvalidOperationException">It has one.</exception>
    public static ZeroCopyHost Open(ActorSystem system, Func<ZeroCopyHost> open)
    {
        lock (Gate)
        {
            return Hosts.TryGetValue(system, out _)
                ? throw new InvalidOperationException($"Actor system '{system.Name}' has a host already, which ZeroCopyHost.For finds.")
                : Added(system, open());
        }
    }

    /// <summary>Forgets a system's host: it has ended.</summary>
    public static void Remove(ActorSystem system)
    {
        lock (Gate)
        {
            Hosts.Remove(system);
        }
    }

    private static ZeroCopyHost Added(ActorSystem system, ZeroCopyHost host)
    {
        Hosts.Add(system, host);
        return host;
    }
}
