using System.Diagnostics.Metrics;
using Akka.Cluster;
using ZeroCopy.Actors.Telemetry;

namespace ZeroCopy.Clustering.Nodes;

/// <summary>The members of the clusters of this process, looked at when somebody measures. Thread-safe.</summary>
internal static class ObservedMembers
{
    private static readonly Observed<Cluster> Clusters = new();

    static ObservedMembers() => Instruments.Meter.CreateObservableUpDownCounter(
        "zerocopy.cluster.nodes", Count, "{node}", "Nodes of the cluster as this one sees them, by their state.");

    /// <summary>Counts a cluster's members until the result is disposed.</summary>
    public static IDisposable Add(Cluster cluster) => Clusters.Add(cluster);

    /// <summary>The state of a member as people read it.</summary>
    public static string StateOf(Member member, ClusterEvent.CurrentClusterState state) =>
        state.Unreachable.Contains(member) ? "unreachable" : member.Status.ToString().ToLowerInvariant();

    private static IEnumerable<Measurement<int>> Count() =>
        from cluster in Clusters
        let state = cluster.State
        from member in state.Members.Union(state.Unreachable)
        group member by (Self: cluster.SelfAddress, State: StateOf(member, state)) into members
        select new Measurement<int>(
            members.Count(), [new("node", members.Key.Self.ToString()), new("state", members.Key.State)]);
}
