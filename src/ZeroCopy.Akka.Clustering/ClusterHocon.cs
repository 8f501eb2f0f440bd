using Akka.Configuration;

namespace ZeroCopy.Clustering;

/// <summary>What Akka has to know for the cluster, where nobody says otherwise.</summary>
internal static class ClusterHocon
{
    /// <summary>
    /// Entities know nothing that could not be asked for again: nothing of them is kept on disk, or started anew on its own.
    /// </summary>
    public static Config Reference { get; } = ConfigurationFactory.ParseString("""
        akka.cluster.sharding {
          state-store-mode = ddata
          remember-entities = off
          passivate-idle-entity-after = off
          # A region and the coordinator that is to know it often start at the same moment.
          retry-interval = 250ms
          distributed-data.durable.keys = []
        }
        akka.actor {
          serializers.zerocopy-cluster = "ZeroCopy.Clustering.Wire.ClusterSerializer, ZeroCopy.Akka.Clustering"
          serialization-bindings {
            "ZeroCopy.Clustering.Protocol.IClusterMessage, ZeroCopy.Akka.Clustering" = zerocopy-cluster
          }
          serialization-identifiers {
            "ZeroCopy.Clustering.Wire.ClusterSerializer, ZeroCopy.Akka.Clustering" = 4712
          }
        }
        """);
}
