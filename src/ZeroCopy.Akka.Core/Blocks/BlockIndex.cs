using System.Diagnostics.CodeAnalysis;

namespace ZeroCopy.Blocks;

/// <summary>
/// The object table: which segment holds which block, rebuilt from the segments' headers. A block that lies in two segments is served from
/// the first; the other copy is dead weight. Not thread-safe.
/// </summary>
internal sealed class BlockIndex
{
    private readonly Dictionary<string, Segment> _segments = new(StringComparer.Ordinal);
    private readonly Dictionary<BlockId, BlockLocation> _blocks = [];
    private readonly HashSet<BlockId> _duplicated = [];

    public IReadOnlyCollection<Segment> Segments => _segments.Values;

    public IReadOnlyDictionary<BlockId, BlockLocation> Blocks => _blocks;

    public long SegmentBytes { get; private set; }

    public bool Contains(string fileName) => _segments.ContainsKey(fileName);

    public bool TryFind(BlockId block, out BlockLocation location) => _blocks.TryGetValue(block, out location);

    public bool TryFindSegment(string fileName, [NotNullWhen(true)] out Segment? segment) => _segments.TryGetValue(fileName, out segment);

    /// <summary>
    /// Makes room for the blocks of many segments, so that they are added without moving those that are there again and again.
    /// </summary>
    public void Reserve(IReadOnlyCollection<Segment> segments)
    {
        var added = segments.Sum(segment => segment.Blocks.Length);
        if (added > _blocks.Count)
        {
            _blocks.EnsureCapacity(_blocks.Count + added);
        }
    }

    public void Add(Segment segment)
    {
        if (!_segments.TryAdd(segment.FileName, segment))
        {
            return;
        }

        SegmentBytes += segment.Length;
        Index(segment, countDuplicates: true);
    }

    public void Remove(string fileName)
    {
        if (!_segments.Remove(fileName, out var segment))
        {
            return;
        }

        SegmentBytes -= segment.Length;
        var orphaned = false;
        foreach (var block in segment.Blocks)
        {
            if (_blocks.TryGetValue(block.Id, out var location) && ReferenceEquals(location.Segment, segment))
            {
                _blocks.Remove(block.Id);
                orphaned |= _duplicated.Remove(block.Id);
            }
        }

        if (orphaned)
        {
            foreach (var other in _segments.Values)
            {
                Index(other, countDuplicates: false);
            }
        }
    }

    private void Index(Segment segment, bool countDuplicates)
    {
        foreach (var block in segment.Blocks)
        {
            if (!_blocks.TryAdd(block.Id, new BlockLocation(segment, block.Offset, block.Length)) && countDuplicates)
            {
                _duplicated.Add(block.Id);
            }
        }
    }
}
