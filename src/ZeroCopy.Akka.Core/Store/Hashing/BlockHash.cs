using ZeroCopy.Blocks;

namespace ZeroCopy.Store.Hashing;

/// <summary>What the bytes of a tensor hash to.</summary>
/// <param name="Id">Their SHA-256, by which they are known.</param>
/// <param name="Check">
/// Their XXH3, by which a second reading of them is known to be the same at little cost; null where nobody reads them again.
/// </param>
internal readonly record struct BlockHash(BlockId Id, ulong? Check);
