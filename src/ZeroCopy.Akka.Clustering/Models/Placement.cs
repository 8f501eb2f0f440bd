using Akka.Actor;
using ZeroCopy.Clustering.Catalog;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Endpoints;

namespace ZeroCopy.Clustering.Models;

/// <summary>
/// Chooses where a call goes that finds no warm node: by the estimated time to its first answer, at random among the near-best, so that
/// nodes that decide at the same moment do not all decide alike. Not thread-safe.
/// </summary>
/// <param name="nodes">What the nodes said of themselves.</param>
/// <param name="random">Decides among the near-best.</param>
internal sealed class Placement(NodeTable nodes, Random random)
{
    // What a node does in a second until it has measured that itself.
    private const double BytesPerSecond = 800e6;
    private const double LoadBytesPerSecond = 4e9;
    private const double SecondsPerPendingCall = 0.005;

    // What takes its time however few the bytes are: another node is told, connects and checks; a pool is started.
    private const double SecondsToReceive = 0.05;
    private const double SecondsToLoad = 0.02;

    // Times that differ by less than this are the same.
    private const double Near = 1.2;

    /// <summary>The node to ask; null where none can be.</summary>
    /// <param name="view">Who has it.</param>
    /// <param name="version">The version.</param>
    /// <param name="excluded">Nodes that failed it.</param>
    /// <param name="mayEvict">
    /// Whether a node without free room is asked where there is no other: what it holds of the model already, and what may go from its
    /// store for it, it alone knows.
    /// </param>
    public PlacementChoice? Choose(ModelView view, int? version, IReadOnlySet<Address> excluded, bool mayEvict = true)
    {
        var held = view.At(version).ToArray();
        var holders = held.ToDictionary(at => at.Node, at => at.Held);
        var stores = held.Select(at => nodes.Find(at.Node)?.Info.Store).OfType<string>().ToHashSet();
        var candidates = new List<(PlacementChoice Choice, double Seconds)>();
        var full = new List<(PlacementChoice Choice, double Seconds)>();
        foreach (var node in nodes.Nodes)
        {
            var address = node.Info.Address;
            if (excluded.Contains(address))
            {
                continue;
            }

            if (holders.TryGetValue(address, out var here))
            {
                if (here.CanBuild && here.State != EndpointState.Failed && !node.Load.IsLeaving)
                {
                    candidates.Add((new PlacementChoice(address, here, IsThere: true), Seconds(node, here)));
                }
            }
            else if (held.FirstOrDefault(at => at.Held.Model is not null).Held is { } elsewhere && version is not null
                && node.Info.CanBuild(elsewhere.ModelType) && !node.Load.IsLeaving)
            {
                var missing = stores.Contains(node.Info.Store) ? 0 : elsewhere.Bytes;
                var cold = elsewhere with { ReadyActors = 0 };
                var receiving = SecondsToReceive + (missing / Rate(node.Load.ReceiveRate, BytesPerSecond));
                (missing <= node.Load.FreeBytes ? candidates : full).Add(
                    (new PlacementChoice(address, elsewhere, IsThere: false), Seconds(node, cold) + receiving));
            }
        }

        if (candidates.Count == 0 && mayEvict)
        {
            candidates = full;
        }

        if (candidates.Count == 0)
        {
            // One that failed says why, or can load it by now.
            var failed = held.FirstOrDefault(at => at.Held.CanBuild && !excluded.Contains(at.Node)
                && nodes.Find(at.Node) is { Load.IsLeaving: false });
            return failed.Held is null ? null : new PlacementChoice(failed.Node, failed.Held, IsThere: true);
        }

        var limit = candidates.Min(candidate => candidate.Seconds) * Near;
        var near = candidates.Where(candidate => candidate.Seconds <= limit).ToArray();
        return near[random.Next(near.Length)].Choice;
    }

    private static double Seconds(NodeReport node, HeldVersion held) =>
        0.001
        + (node.Load.Pending * SecondsPerPendingCall)
        + (held.ReadyActors > 0 ? 0 : SecondsToLoad + (held.Bytes / Rate(node.Load.LoadRate, LoadBytesPerSecond)));

    private static double Rate(double measured, double otherwise) => measured > 0 ? measured : otherwise;
}
