using Akka.Actor;
using Akka.Event;
using ZeroCopy.Manifests;
using ZeroCopy.Store;

namespace ZeroCopy.Clustering.Nodes;

/// <summary>
/// Makes room in a node's store: the models that were not used for longest go, of those that other stores hold too, that nothing uses, and
/// whose last use is not just over, for a store that sends away what it needs next does nothing else any more. Thread-safe.
/// </summary>
/// <param name="system">The node's actor system.</param>
/// <param name="store">The node's store.</param>
/// <param name="survey">What all nodes have.</param>
internal sealed class Eviction(ActorSystem system, ObjectStore store, ClusterSurvey survey)
{
    /// <summary>How long a model must not have been used.</summary>
    public static readonly TimeSpan Guard = TimeSpan.FromMinutes(1);

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
                .SelectMany(node => node.Models).SelectMany(model => model.Versions).Select(held => held.Model).OfType<ModelId>()
                .ToHashSet();
            var candidates = store.List()
                .Where(model => model.Leases == 0 && !model.Pinned && elsewhere.Contains(model.Id)
                    && store.Options.TimeProvider.GetUtcNow() - model.LastUsed >= Guard)
                .OrderBy(model => model.LastUsed).ToList();
            if (candidates.Sum(model => model.Bytes) < missing)
            {
                return false;
            }

            foreach (var model in candidates)
            {
                _log.Info(
                    "{0} goes from this node's store, unused since {1}, to make room", string.Join(", ", model.Names), model.LastUsed);
                store.Remove(model.Id);
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
}
