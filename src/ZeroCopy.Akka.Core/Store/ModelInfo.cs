using System.Collections.Immutable;
using ZeroCopy.Manifests;

namespace ZeroCopy.Store;

/// <summary>A line of the store's listing.</summary>
/// <param name="Id">The model.</param>
/// <param name="Names">Names that point to it, with their versions, in ordinal order.</param>
/// <param name="Bytes">Bytes of its distinct blocks; blocks shared with other models count in each.</param>
/// <param name="TensorCount">Number of tensors, ties counted once.</param>
/// <param name="Pinned">Whether it is kept from eviction.</param>
/// <param name="Leases">Leases that this process holds on it.</param>
/// <param name="LastUsed">When it was last put or leased by any process.</param>
public sealed record ModelInfo(
    ModelId Id, ImmutableArray<ModelName> Names, long Bytes, int TensorCount, bool Pinned, int Leases, DateTimeOffset LastUsed)
{
    /// <summary>Who holds it, in this process and in others, by holder.</summary>
    public ImmutableArray<LeaseInfo> Holders { get; init; } = [];
}
