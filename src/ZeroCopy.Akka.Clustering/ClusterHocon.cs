using Akka.Configuration;
using ZeroCopy.Clustering.Wire;

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
        """).WithFallback(ClusterSerializer.Settings);
}
