using Akka.Actor;
using Akka.Event;
using ZeroCopy.Clustering.Catalog;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Manifests;

namespace ZeroCopy.Clustering.Nodes;

/// <summary>
/// What a node does for its models before it ends: those that no other store holds are received by other nodes, and loaded there where they
/// are loaded here, so that their calls go on. Thread-safe.
/// </summary>
/// <param name="system">The node's actor system.</param>
/// <param name="self">The node.</param>
/// <param name="table">What all nodes said of themselves.</param>
/// <param name="survey">What all nodes have.</param>
internal sealed class Handover(ActorSystem system, Address self, NodeTable table, ClusterSurvey survey)
{
    // Two at a time keep the connection busy while one of them ends.
    private const int AtOnce = 2;

    private readonly ILoggingAdapter _log = Logging.GetLogger(system, typeof(Handover));

    /// <summary>Hands over what would be lost. Ends when it is done, or is to end.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var holdings = await survey.HoldingsAsync(cancellationToken).ConfigureAwait(false);
        if (holdings.FirstOrDefault(node => node.Node.Info.Address == self) is not { } own)
        {
            return;
        }

        var others = holdings.Where(node => node.Node.Info.Address != self && !node.Node.Load.IsLeaving).ToArray();
        if (others.Any(node => node.Node.Info.Store == own.Node.Info.Store))
        {
            // The store stays in use, and what is in it.
            return;
        }

        var elsewhere = others.SelectMany(node => node.Models).SelectMany(model => model.Versions).Select(held => held.Model)
            .OfType<ModelId>().ToHashSet();
        var sole = own.Models.SelectMany(model => model.Versions.Select(held => (model.Name, Held: held)))
            .Where(model => model.Held is { Model: { } id, Version: not null } && !elsewhere.Contains(id))
            .OrderByDescending(model => model.Held.ReadyActors > 0).ToArray();
        if (sole.Length > 0 && others.Length > 0)
        {
            _log.Info("{0} models are held by no other node: they are handed over", sole.Length);
            var room = others.ToDictionary(node => node.Node.Info.Address, node => node.Node.Load.FreeBytes);
            var limit = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken };
            await Parallel.ForEachAsync(sole, limit, async (model, token) =>
                await HandOverAsync(model.Name, model.Held, own.Node.Info, room, token).ConfigureAwait(false)).ConfigureAwait(false);
        }
    }

    private async Task HandOverAsync(
        string name, HeldVersion held, NodeInfo own, Dictionary<Address, long> room, CancellationToken cancellationToken)
    {
        while (Take(held, room) is { } node)
        {
            var order = new NodeOrder.Open(
                new ModelName(name, held.Version), held.Model!.Value, [own.Transfer], Warm: held.ReadyActors > 0, 0);
            var reply = await NodePath.At(system, node).Ask<NodeReply>(order, Timeout.InfiniteTimeSpan, cancellationToken)
                .ConfigureAwait(false);
            if (reply is NodeReply.Opened opened)
            {
                _log.Info("{0}@{1} was handed over to {2}, {3} bytes", name, held.Version, node, opened.MovedBytes);
                return;
            }

            _log.Warning("{0}@{1} was not taken by {2}: {3}", name, held.Version, node, (reply as NodeReply.Failed)?.Message);
        }

        _log.Warning("{0}@{1} goes with this node: no other has room for its {2} bytes", name, held.Version, held.Bytes);
    }

    /// <summary>The node that has most room, one that can build the model before all others; each is asked once.</summary>
    private Address? Take(HeldVersion held, Dictionary<Address, long> room)
    {
        lock (room)
        {
            var node = room.Where(node => node.Value >= held.Bytes)
                .OrderByDescending(node => table.Find(node.Key)?.Info.CanBuild(held.ModelType) == true)
                .ThenByDescending(node => node.Value).Select(node => node.Key).FirstOrDefault();
            if (node is not null)
            {
                room[node] -= held.Bytes;
            }

            return node;
        }
    }
}
