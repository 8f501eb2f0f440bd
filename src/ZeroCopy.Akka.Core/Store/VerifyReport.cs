using System.Collections.Immutable;
using ZeroCopy.Blocks;
using ZeroCopy.Manifests;

namespace ZeroCopy.Store;

/// <summary>A block whose bytes no longer have the hash that names them, or that is missing.</summary>
/// <param name="Block">The block.</param>
/// <param name="Segment">File name of its segment; null for a missing block.</param>
/// <param name="Models">Models that need it.</param>
public sealed record DamagedBlock(BlockId Block, string? Segment, ImmutableArray<ModelId> Models);

/// <summary>What re-hashing the whole store found.</summary>
/// <param name="CheckedBlocks">Blocks that were hashed.</param>
/// <param name="CheckedBytes">Their bytes.</param>
/// <param name="Damaged">Blocks that are not what their name says.</param>
/// <param name="UnreadableFiles">
/// Files in the store that cannot be read as a segment or manifest of ours, with the reason, and the names of the model.
/// </param>
public sealed record VerifyReport(
    int CheckedBlocks, long CheckedBytes, ImmutableArray<DamagedBlock> Damaged, ImmutableArray<string> UnreadableFiles);
