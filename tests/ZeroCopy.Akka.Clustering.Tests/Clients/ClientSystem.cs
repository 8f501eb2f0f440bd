using Akka.Actor;

namespace ZeroCopy.Clustering.Tests.Clients;

/// <summary>Actor systems with remoting that are no members of a cluster.</summary>
internal static class ClientSystem
{
    public static ActorSystem Start() => ActorSystem.Create("outside", """
        akka {
          loglevel = OFF
          stdout-loglevel = OFF
          actor.provider = remote
          remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
          coordinated-shutdown { run-by-clr-shutdown-hook = off, exit-clr = off }
        }
        """);
}
