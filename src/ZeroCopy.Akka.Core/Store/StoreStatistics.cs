using System.Collections.Immutable;

namespace ZeroCopy.Store;

/// <summary>
/// The state of a store at one moment. Live + dead + temporary bytes are <see cref="UsedBytes"/>; used + free is at most the capacity.
/// </summary>
public sealed record StoreStatistics
{
    /// <summary>The store's directory.</summary>
    public required string Directory { get; init; }
    /// <summary>Models in the store.</summary>
    public required int Models { get; init; }
    /// <summary>Names that point to models.</summary>
    public required int Names { get; init; }
    /// <summary>Distinct blocks.</summary>
    public required int Blocks { get; init; }
    /// <summary>Segment files.</summary>
    public required int Segments { get; init; }
    /// <summary>Sum over models of their bytes: what they would take without sharing.</summary>
    public required long LogicalBytes { get; init; }
    /// <summary>Bytes of blocks that some model refers to.</summary>
    public required long LiveBytes { get; init; }
    /// <summary>Bytes in segments that no model refers to, padding, headers and segments that cannot be read included.</summary>
    public required long DeadBytes { get; init; }
    /// <summary>Bytes of puts under way.</summary>
    public required long TemporaryBytes { get; init; }
    /// <summary>All bytes of the store's files.</summary>
    public required long UsedBytes { get; init; }
    /// <summary>The limit in bytes.</summary>
    public required long CapacityBytes { get; init; }
    /// <summary>Bytes that a put can still get without eviction: the smaller of what the limit and the file system leave.</summary>
    public required long FreeBytes { get; init; }
    /// <summary>Segments mapped into this process.</summary>
    public required int Mappings { get; init; }
    /// <summary>Leases that this process holds.</summary>
    public required int Leases { get; init; }
    /// <summary>Who holds which models, in this process and in others, by holder.</summary>
    public ImmutableArray<LeaseInfo> Holders { get; init; } = [];
    /// <summary>Puts of this process that wait for room.</summary>
    public required int WaitingPuts { get; init; }
}
