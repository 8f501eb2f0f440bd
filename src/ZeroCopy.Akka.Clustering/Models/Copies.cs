using Akka.Actor;
using ZeroCopy.Clustering.Catalog;
using ZeroCopy.Clustering.Protocol;

namespace ZeroCopy.Clustering.Models;

/// <summary>When a version is to come to one more node, and to which. Not thread-safe.</summary>
/// <param name="view">Who has it.</param>
/// <param name="nodes">What the nodes said of themselves.</param>
/// <param name="orders">What nodes were ordered to hold already, or have failed.</param>
/// <param name="placement">Chooses the node.</param>
/// <param name="wanted">Stores that should hold a version that is used.</param>
internal sealed class Copies(ModelView view, NodeTable nodes, OrderBook orders, Placement placement, int wanted)
{
    // A node says so every second.
    private const int ReportsToSpread = 3;

    private readonly Dictionary<(Address Node, int Version), int> _overfull = [];

    /// <summary>
    /// Versions for one more node each, as the actors of the node that reports have more calls than they run, again and again: calls of the
    /// moment alone are no reason.
    /// </summary>
    /// <param name="report">What the node has now.</param>
    /// <param name="unreachable">Nodes that get nothing now.</param>
    public IEnumerable<(HeldVersion Held, Address Node)> Spread(ModelReport report, IReadOnlyCollection<Address> unreachable)
    {
        foreach (var held in report.Versions.Where(held => held is { Version: not null, Model: not null }))
        {
            var version = held.Version!.Value;
            var key = (report.Node, version);
            if (!held.IsOverfull)
            {
                _overfull.Remove(key);
                continue;
            }

            _overfull[key] = _overfull.GetValueOrDefault(key) + 1;
            if (_overfull[key] < ReportsToSpread || orders.Has(version))
            {
                continue;
            }

            _overfull.Remove(key);
            var busy = nodes.Nodes.Where(node => 2 * node.Load.Pending > held.Pending).Select(node => node.Info.Address);
            if (Choose(version, view.WarmAt(version).Concat(busy), unreachable, mayEvict: true) is { } node)
            {
                yield return (held, node);
            }
        }
    }

    /// <summary>
    /// Versions for one more node each, so that they outlive a node: those that are loaded, whether calls name them or not, and that fewer
    /// stores hold than should.
    /// </summary>
    /// <param name="unreachable">Nodes that get nothing now.</param>
    public IEnumerable<(int Version, int Stores, Address Node)> Copy(IReadOnlyCollection<Address> unreachable)
    {
        foreach (var version in view.Warm.Where(version => !orders.Has(version)))
        {
            var holders = view.At(version).Where(at => at.Held.Model is not null).ToArray();
            var stores = holders.Select(at => nodes.Find(at.Node)?.Info.Store).OfType<string>().ToHashSet();
            if (holders.Length == 0 || stores.Count >= wanted)
            {
                continue;
            }

            var others = nodes.Nodes.Where(node => stores.Contains(node.Info.Store) || node.Load.IsLeaving)
                .Select(node => node.Info.Address);
            // Two stores that are too small for second copies of all would send each other's away for ever.
            if (Choose(version, others, unreachable, mayEvict: false) is { } node)
            {
                yield return (version, stores.Count, node);
            }
        }
    }

    private Address? Choose(int version, IEnumerable<Address> excluded, IEnumerable<Address> unreachable, bool mayEvict)
    {
        var failed = orders.Failed(version).Select(failed => failed.Node);
        return placement.Choose(view, version, excluded.Concat(unreachable).Concat(failed).ToHashSet(), mayEvict)?.Node;
    }
}
