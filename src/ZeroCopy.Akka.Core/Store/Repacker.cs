using ZeroCopy.Blocks;
using ZeroCopy.Content;
using ZeroCopy.Store.Files;

namespace ZeroCopy.Store;

/// <summary>
/// Moves the live blocks of mostly dead segments to a new segment each, and deletes the old ones. Only segments that no process has mapped
/// are touched. Its caller holds the store's lock and the catalog's gate.
/// </summary>
internal sealed class Repacker(StoreCatalog catalog)
{
    /// <summary>Gives the number of segments repacked.</summary>
    public int Run(StoreChange change, CancellationToken cancellationToken)
    {
        var repacked = 0;
        if (catalog.IsBlind)
        {
            return repacked;
        }

        foreach (var segment in catalog.Index.Segments.Where(IsMostlyDead).ToArray())
        {
            cancellationToken.ThrowIfCancellationRequested();
            repacked += TryRepack(change, segment, cancellationToken) ? 1 : 0;
        }

        return repacked;
    }

    private bool IsMostlyDead(Segment segment)
    {
        var blocks = segment.Blocks.Sum(block => block.Length);
        return 2 * (blocks - catalog.LiveBytesOf(segment)) > blocks;
    }

    private bool TryRepack(StoreChange change, Segment segment, CancellationToken cancellationToken)
    {
        change.Touch(StoreArea.Segments);
        var path = catalog.Directory.SegmentPath(segment.FileName);
        using (var file = ExclusiveFile.TryLock(path))
        {
            if (file is null)
            {
                return false;
            }

            var live = segment.Blocks
                .Where(b => catalog.Models.IsLive(b.Id) && catalog.Index.TryFind(b.Id, out var at) && ReferenceEquals(at.Segment, segment))
                .ToArray();
            using var writer = new SegmentWriter(
                catalog.Directory, SegmentLayout.Plan([.. live.Select(block => (block.Id, block.Length))]));
            var sources = live.ToDictionary(
                block => block.Id,
                block => new HashedSource(new FileTensorSource(block.Id.ToString(), file, block.Offset, block.Length), Check: null));
            writer.Write(sources, new PutMeter(null, 0), cancellationToken);

            // The new one is published before the old one goes: a crash in between leaves both, and the block is found in either.
            catalog.Index.Remove(segment.FileName);
            catalog.Index.Add(writer.Publish(catalog.Directory));
        }

        if (!ExclusiveFile.TryDelete(path))
        {
            catalog.Index.Add(segment);
            return false;
        }

        return true;
    }
}
