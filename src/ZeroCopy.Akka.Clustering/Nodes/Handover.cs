using Akka.Actor;
using Akka.Event;
using ZeroCopy.Clustering.Asking;
using ZeroCopy.Clustering.Catalog;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Manifests;
using ZeroCopy.Store;

namespace ZeroCopy.Clustering.Nodes;

/// <summary>
/// What a node does for its models before it ends: the names that no other store has for the same models are received by other nodes, and
/// loaded there where they are loaded here, so that their calls go on. Thread-safe.
/// </summary>
/// <param name="system">The node's actor system.</param>
/// <param name="self">The node.</param>
/// <param name="store">Its store.</param>
/// <param name="table">What all nodes said of themselves.</param>
/// <param name="survey">What all nodes have.</param>
internal sealed class Handover(ActorSystem system, Address self, ObjectStore store, NodeTable table, ClusterSurvey survey)
{
    // Two at a time keep the connection busy while one of them ends.
    private const int AtOnce = 2;

    private static readonly TimeSpan LookPause = TimeSpan.FromMilliseconds(500);

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

        // A pool may have a name of its own, which is its node's settings' and not the store's.
        var stored = store.ListNames().Select(model => model.Name!.Value).ToHashSet();
        var elsewhere = others.SelectMany(node => Holding.Of(node.Models)).Select(model => (model.Name, model.Id)).ToHashSet();
        var sole = Holding.Of(own.Models).Where(model => stored.Contains(model.Name) && !elsewhere.Contains((model.Name, model.Id)))
            .OrderByDescending(model => model.Held.ReadyActors > 0).ToArray();
        if (sole.Length > 0 && others.Length > 0)
        {
            _log.Info("{0} names are held by no other node: they are handed over", sole.Length);
            var receivers = others.Select(node => new Receiver(
                node.Node.Info.Address, node.Node.Load.FreeBytes, [.. Holding.Of(node.Models).Select(model => model.Id)])).ToArray();
            var limit = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken };
            // The names of one model one behind the other: its bytes move with the first.
            await Parallel.ForEachAsync(sole.GroupBy(model => model.Id), limit, async (names, token) =>
            {
                foreach (var model in names)
                {
                    await HandOverAsync(model, own.Node.Info, receivers, token).ConfigureAwait(false);
                }
            }).ConfigureAwait(false);
        }
    }

    private async Task HandOverAsync(Holding model, NodeInfo own, Receiver[] receivers, CancellationToken cancellationToken)
    {
        var asked = new HashSet<Receiver>();
        while (Next(model, receivers, asked) is { } receiver)
        {
            // One that cannot build it keeps it all the same.
            var isWarm = model.Held.ReadyActors > 0 && CanBuild(receiver.Node, model);
            var order = new NodeOrder.Open(model.Name, model.Id, [own.Transfer], isWarm, 0);
            var reply = await AskAsync(receiver.Node, order, cancellationToken).ConfigureAwait(false);
            if (reply is NodeReply.Opened opened)
            {
                lock (receivers)
                {
                    receiver.Models.Add(model.Id);
                }

                _log.Info("{0} was handed over to {1}, {2} bytes", model.Name, receiver.Node, opened.MovedBytes);
                return;
            }

            lock (receivers)
            {
                receiver.Room += receiver.BytesOf(model);
            }

            _log.Warning(
                "{0} was not taken by {1}: {2}", model.Name, receiver.Node, (reply as NodeReply.Failed)?.Message ?? "it is not reached.");
        }

        _log.Warning(
            "{0} goes with this node: {1}",
            model.Name,
            asked.Count > 0 ? $"no other takes its {model.Held.Bytes} bytes" : "there is no other");
    }

    /// <summary>
    /// The answer of a receiver, however long that takes; null where it is lost, or not reached any more: its connection may stay open.
    /// </summary>
    private async Task<NodeReply?> AskAsync(Address receiver, NodeOrder.Open order, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var asking = NodeAnswer.AskAsync(system, receiver, order, Timeout.InfiniteTimeSpan, ended.Token);
        while (true)
        {
            try
            {
                return await asking.WaitAsync(LookPause, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException) when (!table.IsUnreachable(receiver))
            {
                // It is at it.
            }
            catch (TimeoutException)
            {
                await ended.CancelAsync().ConfigureAwait(false);
                return null;
            }
        }
    }

    /// <summary>
    /// The node to ask next, each once: one that holds the model under another name, where nothing moves, then one that has room for it, as
    /// the others have to send something away; then one that can build it, then the one that has most room.
    /// </summary>
    private Receiver? Next(Holding model, Receiver[] receivers, HashSet<Receiver> asked)
    {
        lock (receivers)
        {
            var next = receivers
                .Where(receiver => !asked.Contains(receiver) && !table.IsUnreachable(receiver.Node)
                    && table.Find(receiver.Node) is not { Load.IsLeaving: true })
                .OrderByDescending(receiver => receiver.Models.Contains(model.Id))
                .ThenByDescending(receiver => receiver.Room >= model.Held.Bytes)
                .ThenByDescending(receiver => CanBuild(receiver.Node, model))
                .ThenByDescending(receiver => receiver.Room).FirstOrDefault();
            if (next is not null)
            {
                next.Room -= next.BytesOf(model);
                asked.Add(next);
            }

            return next;
        }
    }

    private bool CanBuild(Address node, Holding model) => table.Find(node)?.Info.CanBuild(model.Held.ModelType) == true;

    private sealed class Receiver(Address node, long room, HashSet<ModelId> models)
    {
        public Address Node => node;

        public HashSet<ModelId> Models => models;

        public long Room { get; set; } = room;

        /// <summary>What a model would add to it.</summary>
        public long BytesOf(Holding model) => models.Contains(model.Id) ? 0 : model.Held.Bytes;
    }
}
