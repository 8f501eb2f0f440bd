using Akka.Actor;
using Akka.Configuration;
using ZeroCopy.Clustering.Hosting;

namespace ZeroCopy.Clustering.Tests.Clients;

/// <summary>Actor systems with remoting that are no members of a cluster.</summary>
internal static class ClientSystem
{
    public static ActorSystem Start() => ActorSystem.Create("outside", Hocon);

    /// <summary>One that knows the messages of a cluster by its HOCON, without a client of ours.</summary>
    public static ActorSystem StartWithMessages() =>
        ActorSystem.Create("outside", ConfigurationFactory.ParseString(Hocon).WithFallback(ClusterConfiguration.Reference));

    private const string Hocon = """
        akka {
          loglevel = OFF
          stdout-loglevel = OFF
          actor.provider = remote
          remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
          coordinated-shutdown { run-by-clr-shutdown-hook = off, exit-clr = off }
        }
        """;
}
