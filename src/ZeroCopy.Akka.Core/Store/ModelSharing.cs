using System.Collections.Immutable;
using ZeroCopy.Manifests;

namespace ZeroCopy.Store;

/// <summary>How much of a model other models of the store have too.</summary>
/// <param name="Id">The model.</param>
/// <param name="Names">Names that point to it, with their versions, in ordinal order.</param>
/// <param name="Blocks">Its distinct blocks.</param>
/// <param name="SharedBlocks">Those of them that other models refer to.</param>
/// <param name="Bytes">Bytes of its distinct blocks.</param>
/// <param name="SharedBytes">Bytes of those that other models refer to.</param>
public sealed record ModelSharing(
    ModelId Id, ImmutableArray<ModelName> Names, int Blocks, int SharedBlocks, long Bytes, long SharedBytes);
