using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;
using ZeroCopy.Clustering;
using ZeroCopy.Clustering.Nodes;
using ZeroCopy.Nodes;

namespace ZeroCopy.Node.Service;

/// <summary>The members of the node's cluster. Thread-safe.</summary>
internal sealed class ClusterNodes(ActorSystem system) : INodeList
{
    /// <inheritdoc/>
    public ImmutableArray<NodeStatus> GetNodes()
    {
        var cluster = Cluster.Get(system);
        var state = cluster.State;
        var http = ZeroCopyCluster.For(system).Nodes.ToDictionary(node => node.Info.Address, node => node.Info.Http);
        return
        [
            .. from member in state.Members.Union(state.Unreachable)
               orderby member.Address == cluster.SelfAddress descending, member.Address.ToString()
               select new NodeStatus(member.Address.ToString(), ObservedMembers.StateOf(member, state))
               {
                   Roles = [.. member.Roles.Order(StringComparer.Ordinal)],
                   Http = http.GetValueOrDefault(member.Address)?.ToString().TrimEnd('/'),
                   IsSelf = member.Address == cluster.SelfAddress,
               },
        ];
    }
}
