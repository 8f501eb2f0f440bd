using System.Collections.Concurrent;
using Akka.Actor;
using ZeroCopy.Clustering.Protocol;

namespace ZeroCopy.Clustering.Catalog;

/// <summary>
/// What the nodes of the cluster said of themselves last, this one included, and which of them cannot be reached. Thread-safe.
/// </summary>
internal sealed class NodeTable
{
    private readonly ConcurrentDictionary<Address, NodeReport> _nodes = new();
    private readonly ConcurrentDictionary<Address, bool> _unreachable = new();

    /// <summary>Every node.</summary>
    public ICollection<NodeReport> Nodes => _nodes.Values;

    /// <summary>A node; null where it said nothing yet.</summary>
    public NodeReport? Find(Address node) => _nodes.GetValueOrDefault(node);

    public void Set(NodeReport node) => _nodes[node.Info.Address] = node;

    public void Remove(Address node)
    {
        _nodes.TryRemove(node, out _);
        _unreachable.TryRemove(node, out _);
    }

    /// <summary>Members that do not answer at the moment.</summary>
    public ICollection<Address> Unreachable => _unreachable.Keys;

    /// <summary>Whether a member does not answer at the moment.</summary>
    public bool IsUnreachable(Address node) => _unreachable.ContainsKey(node);

    public void SetUnreachable(Address node, bool isUnreachable)
    {
        if (isUnreachable)
        {
            _unreachable[node] = true;
        }
        else
        {
            _unreachable.TryRemove(node, out _);
        }
    }
}
