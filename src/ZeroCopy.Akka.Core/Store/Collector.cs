using ZeroCopy.Store.Files;

namespace ZeroCopy.Store;

/// <summary>
/// Garbage collection on demand, but for what <see cref="Repacker"/> does. Its caller holds the store's lock and the catalog's gate.
/// </summary>
internal sealed class Collector(StoreCatalog catalog, LeaseLedger leases, Reclaimer reclaimer)
{
    public CollectReport Run(StoreChange change, bool unnamed, CancellationToken cancellationToken)
    {
        var before = catalog.SegmentBytes;
        var models = 0;
        if (unnamed)
        {
            foreach (var model in EvictionPolicy.Order(catalog, leases))
            {
                cancellationToken.ThrowIfCancellationRequested();
                models += reclaimer.TryRemove(change, model.Id) ? 1 : 0;
            }
        }

        var (temporaryFiles, temporaryBytes) = reclaimer.DeleteAbandonedFiles();
        var damaged = reclaimer.DeleteDamagedManifests(change) + reclaimer.DeleteDamagedSegments(change);
        var (segments, _) = reclaimer.DeleteDeadSegments(change);
        return new CollectReport(
            models, temporaryFiles + damaged + segments, 0, Math.Max(0, before - catalog.SegmentBytes) + temporaryBytes);
    }
}
