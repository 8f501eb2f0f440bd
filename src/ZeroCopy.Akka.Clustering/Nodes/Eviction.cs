using Akka.Actor;
using Akka.Event;
using ZeroCopy.Clustering.Asking;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Store;

namespace ZeroCopy.Clustering.Nodes;

/// <summary>
/// Makes room in a node's store: the models that were not used for longest go, of those that other stores hold too and keep, that nothing
/// uses, and whose last use is not just over, for a store that sends away what it needs next does nothing else any more. Thread-safe.
/// </summary>
/// <param name="system">The node's actor system.</param>
/// <param name="store">The node's store.</param>
/// <param name="survey">What all nodes have.</param>
internal sealed class Eviction(ActorSystem system, ObjectStore store, ClusterSurvey survey)
{
    /// <summary>How long a model must not have been used.</summary>
    public static readonly TimeSpan Guard = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(3);

    private readonly ILoggingAdapter _log = Logging.GetLogger(system, typeof(Eviction));
    private readonly SemaphoreSlim _one = new(1);

    /// <summary>Makes room for bytes; false where too little can go.</summary>
    public async Task<bool> MakeRoomAsync(long bytes, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var missing = bytes - store.GetFreeBytes();
            if (missing <= 0)
            {
                return true;
            }

            var holdings = await survey.HoldingsAsync(cancellationToken).ConfigureAwait(false);
            var elsewhere = holdings.Where(node => node.Node.Info.Store != store.Id && !node.Node.Load.IsLeaving)
                .SelectMany(node => Holding.Of(node.Models), (node, model) => (Node: node.Node.Info, Model: model))
                .ToLookup(holder => holder.Model.Id);
            var since = store.Options.TimeProvider.GetUtcNow() - Guard;
            var candidates = store.List()
                .Where(model => model.Leases == 0 && !model.Pinned && elsewhere.Contains(model.Id) && model.LastUsed <= since)
                .OrderBy(model => model.LastUsed).ToList();
            if (candidates.Sum(model => model.Bytes) < missing)
            {
                return false;
            }

            foreach (var model in candidates)
            {
                // Of two nodes that ask each other, one may go on.
                if (await FindKeeperAsync(elsewhere[model.Id], cancellationToken).ConfigureAwait(false) is not { } keeper
                    || !store.RemoveUnused(model.Id, string.CompareOrdinal(keeper.Store, store.Id) > 0 ? DateTimeOffset.MaxValue : since))
                {
                    continue;
                }

                _log.Info(
                    "{0} went from this node's store, unused since {1}, to make room", string.Join(", ", model.Names), model.LastUsed);
                if (store.GetFreeBytes() >= bytes)
                {
                    return true;
                }
            }

            return false;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>
    /// A node that has the model and keeps it; null where none says so. Its answer is a use of the model there, so that it does not go
    /// from there for a minute: of nodes that rely on each other's copies, the last one in the order of their stores keeps its own.
    /// </summary>
    private async Task<NodeInfo?> FindKeeperAsync(
        IEnumerable<(NodeInfo Node, Holding Model)> holders, CancellationToken cancellationToken)
    {
        foreach (var (node, model) in holders)
        {
            var order = new NodeOrder.Open(model.Name, model.Id, Sources: [], Warm: false, Id: 0);
            if (await NodeAnswer.AskAsync(system, node.Address, order, AnswerTime, cancellationToken).ConfigureAwait(false)
                is NodeReply.Opened)
            {
                return node;
            }
        }

        return null;
    }
}
