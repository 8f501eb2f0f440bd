namespace ZeroCopy.Blocks;

/// <summary>A block in a segment: its id, its first byte counted from the start of the file, and its size in bytes.</summary>
internal readonly record struct SegmentBlock(BlockId Id, long Offset, long Length);
