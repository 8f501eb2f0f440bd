namespace ZeroCopy.Blocks;

/// <summary>Where a block lies.</summary>
internal readonly record struct BlockLocation(Segment Segment, long Offset, long Length);
