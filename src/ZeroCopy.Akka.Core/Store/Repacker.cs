using Microsoft.Win32.SafeHandles;
using ZeroCopy.Blocks;
using ZeroCopy.Content;
using ZeroCopy.Store.Files;

namespace ZeroCopy.Store;

/// <summary>
/// Moves the live blocks of mostly dead segments to a new segment each, and deletes the old ones. Only segments that no process has mapped
/// are touched. Bytes are copied outside the store's lock; a segment stays that somebody has mapped, or has more use for, after that.
/// </summary>
/// <param name="catalog">The store.</param>
/// <param name="meter">Told of the bytes that are copied.</param>
internal sealed class Repacker(StoreCatalog catalog, PutMeter meter)
{
    /// <summary>Returns the number of segments repacked, and how many bytes fewer they take.</summary>
    public (int Segments, long Bytes) Run(CancellationToken cancellationToken)
    {
        var (segments, bytes) = (0, 0L);
        foreach (var segment in MostlyDead(cancellationToken))
        {
            if (TryRepack(segment, cancellationToken) is { } repacked)
            {
                segments++;
                bytes += segment.Length - repacked.Length;
            }
        }

        return (segments, bytes);
    }

    private Segment[] MostlyDead(CancellationToken cancellationToken)
    {
        using var change = catalog.Begin(cancellationToken);
        lock (catalog.Gate)
        {
            return [.. catalog.Index.Segments.Where(IsMostlyDead)];
        }
    }

    private bool IsMostlyDead(Segment segment)
    {
        var blocks = segment.Blocks.Sum(block => block.Length);
        return 2 * (blocks - catalog.LiveBytesOf(segment)) > blocks;
    }

    private Segment? TryRepack(Segment segment, CancellationToken cancellationToken)
    {
        if (TryBegin(segment, cancellationToken) is not var (file, writer))
        {
            return null;
        }

        using (file)
        using (writer)
        {
            var copied = writer.Layout.Blocks.Select(block => block.Id).ToHashSet();
            var sources = segment.Blocks.Where(block => copied.Contains(block.Id)).ToDictionary(
                block => block.Id,
                block => new HashedSource(new FileTensorSource(block.Id.ToString(), file, block.Offset, block.Length), Check: null));
            writer.Write(sources, meter, cancellationToken);

            using var change = catalog.Begin(cancellationToken);
            lock (catalog.Gate)
            {
                file.Dispose();
                var live = catalog.LiveBlocksOf(segment).ToArray();
                var repacked = IsFree(change, segment, live) && live.All(block => copied.Contains(block.Id))
                    ? Replace(segment, writer) : null;
                change.Complete();
                return repacked;
            }
        }
    }

    /// <summary>The file, which nobody deletes while it is open and others may map, and where its live blocks go.</summary>
    private (SafeFileHandle File, SegmentWriter Writer)? TryBegin(Segment segment, CancellationToken cancellationToken)
    {
        using var change = catalog.Begin(cancellationToken);
        lock (catalog.Gate)
        {
            var live = catalog.LiveBlocksOf(segment).ToArray();
            if (!IsFree(change, segment, live))
            {
                change.Complete();
                return null;
            }

            var writer = new SegmentWriter(catalog.Directory, SegmentLayout.Plan([.. live.Select(block => (block.Id, block.Length))]));
            try
            {
                var file = File.OpenHandle(PathOf(segment), FileMode.Open, FileAccess.Read, FileShare.Read);
                change.Complete();
                return (file, writer);
            }
            catch
            {
                writer.Dispose();
                throw;
            }
        }
    }

    // One without live blocks is gone, or goes without being copied.
    private bool IsFree(StoreChange change, Segment segment, SegmentBlock[] live)
    {
        if (live.Length == 0 || catalog.IsBlind)
        {
            return false;
        }

        change.Touch(StoreArea.Segments);
        using var alone = ExclusiveFile.TryLock(PathOf(segment));
        return alone is not null;
    }

    // The new one is published before the old one goes: a crash in between leaves both, and the block is found in either.
    private Segment? Replace(Segment segment, SegmentWriter writer)
    {
        var repacked = writer.Publish(catalog.Directory);
        catalog.Index.Remove(segment.FileName);
        catalog.Index.Add(repacked);
        if (ExclusiveFile.TryDelete(PathOf(segment)))
        {
            return repacked;
        }

        catalog.Index.Add(segment);
        return null;
    }

    private string PathOf(Segment segment) => catalog.Directory.SegmentPath(segment.FileName);
}
