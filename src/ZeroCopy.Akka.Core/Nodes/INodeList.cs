using System.Collections.Immutable;

namespace ZeroCopy.Nodes;

/// <summary>The nodes of a cluster as this one sees them, for people to look at. Thread-safe.</summary>
public interface INodeList
{
    /// <summary>
    /// Every node that is known, this one among them, in an order that stays. Read from memory: never waits for another process.
    /// </summary>
    ImmutableArray<NodeStatus> GetNodes();
}
