using ZeroCopy.Blocks;
using ZeroCopy.Content;
using ZeroCopy.Store.Files;
using ZeroCopy.Store.Receiving;

namespace ZeroCopy.Store;

/// <summary>
/// The segments that one put writes: one, or for many bytes one a core, for writes to one file exclude each other and writes to several do
/// not. Disposing it unpublished deletes them.
/// </summary>
internal sealed class SegmentGroup : IDisposable
{
    // Below this a second file costs more (a mapping, a descriptor) than it saves.
    private const long BytesPerSegment = 32L << 20;
    private const int MaxSegments = 4;
    private readonly List<SegmentWriter> _writers = [];

    public SegmentGroup(StoreDirectory directory, IReadOnlyList<SegmentLayout> layouts, bool isReceived)
    {
        try
        {
            foreach (var layout in layouts)
            {
                _writers.Add(new SegmentWriter(directory, layout, isReceived));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public IEnumerable<BlockId> Blocks => _writers.SelectMany(writer => writer.Layout.Blocks).Select(block => block.Id);

    public long Length => _writers.Sum(writer => writer.Layout.Length);

    /// <summary>Spreads blocks over segments of about equal size; within each they keep their order.</summary>
    public static IReadOnlyList<SegmentLayout> Plan(IReadOnlyList<(BlockId Id, long Length)> blocks)
    {
        if (blocks.Count == 0)
        {
            return [];
        }

        var count = (int)Math.Clamp(
            blocks.Sum(block => block.Length) / BytesPerSegment, 1, Math.Min(MaxSegments, Environment.ProcessorCount));
        var sizes = new long[count];
        var homes = new int[blocks.Count];
        foreach (var i in Enumerable.Range(0, blocks.Count).OrderByDescending(i => blocks[i].Length))
        {
            homes[i] = Array.IndexOf(sizes, sizes.Min());
            sizes[homes[i]] += blocks[i].Length;
        }

        return
        [
            .. blocks.Select((block, i) => (Block: block, Home: homes[i])).GroupBy(placed => placed.Home).OrderBy(segment => segment.Key)
                .Select(segment => SegmentLayout.Plan([.. segment.Select(placed => placed.Block)])),
        ];
    }

    public void Write(IReadOnlyDictionary<BlockId, HashedSource> sources, PutMeter meter, CancellationToken cancellationToken) =>
        ParallelWork.ForEach(_writers, (writer, _) => writer.Write(sources, meter, cancellationToken), cancellationToken);

    /// <summary>A writer for each block that is still to be received. The caller disposes them.</summary>
    public IReadOnlyList<BlockWriter> Open(PutMeter meter, CancellationToken cancellationToken) =>
        [.. _writers.SelectMany(writer => writer.Open(meter, cancellationToken))];

    /// <summary>Moves the finished files into place; the caller holds the store's lock.</summary>
    public IEnumerable<Segment> Publish(StoreDirectory directory) => _writers.Select(writer => writer.Publish(directory));

    public void Dispose()
    {
        foreach (var writer in _writers)
        {
            writer.Dispose();
        }
    }
}
