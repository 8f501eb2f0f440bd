using System.Collections.Immutable;
using Google.Protobuf;
using ZeroCopy.Actors.Protocol;
using ZeroCopy.Clocks;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Tensors;

namespace ZeroCopy.Actors.Wire;

/// <summary>Between our types and the generated ones. What comes from the wire is checked here; errors are those of the types themselves.</summary>
internal static class WireMapping
{
    private static readonly long LongestMs = (long)TimeSpan.MaxValue.TotalMilliseconds;

    /// <summary>
    /// A deadline in milliseconds: 0 for that of the pool, the longest there is for none. One below a millisecond, or passed, must become neither.
    /// </summary>
    public static long ToWire(TimeSpan? deadline) => deadline is not { } given ? 0
        : Durations.OrNone(given) is { } limit ? Math.Clamp((long)Math.Ceiling(limit.TotalMilliseconds), 1, LongestMs)
        : LongestMs;

    public static TimeSpan? Deadline(long wire) => wire == 0 ? null
        : wire < LongestMs ? TimeSpan.FromMilliseconds(wire)
        : Timeout.InfiniteTimeSpan;

    public static ByteString ToWire(ModelId id)
    {
        var hash = new byte[32];
        id.CopyTo(hash);
        return UnsafeByteOperations.UnsafeWrap(hash);
    }

    public static ModelId Id(ByteString wire) => ModelId.FromHash(wire.Span);

    public static Generated.Handle ToWire(ModelHandle model) =>
        new() { Id = ToWire(model.Id), Bytes = model.Bytes, Name = model.Name?.ToString() ?? "" };

    public static ModelHandle Handle(Generated.Handle wire)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(wire.Bytes);
        return new ModelHandle(Id(wire.Id), wire.Bytes, wire.Name.Length == 0 ? null : ModelName.Parse(wire.Name));
    }

    public static Generated.Info ToWire(ModelInfo info) => new()
    {
        Id = ToWire(info.Id),
        Names = { info.Names.Select(name => name.ToString()) },
        Bytes = info.Bytes,
        Tensors = info.TensorCount,
        Pinned = info.Pinned,
        Leases = info.Leases,
        LastUsed = info.LastUsed.UtcTicks,
    };

    public static ModelInfo Info(Generated.Info wire) => new(
        Id(wire.Id), [.. wire.Names.Select(ModelName.Parse)], wire.Bytes, wire.Tensors, wire.Pinned, wire.Leases,
        new DateTimeOffset(wire.LastUsed, TimeSpan.Zero));

    public static Generated.Statistics ToWire(StoreStatistics s) => new()
    {
        Directory = s.Directory,
        Models = s.Models,
        Names = s.Names,
        Blocks = s.Blocks,
        Segments = s.Segments,
        LogicalBytes = s.LogicalBytes,
        LiveBytes = s.LiveBytes,
        DeadBytes = s.DeadBytes,
        TemporaryBytes = s.TemporaryBytes,
        UsedBytes = s.UsedBytes,
        CapacityBytes = s.CapacityBytes,
        FreeBytes = s.FreeBytes,
        Mappings = s.Mappings,
        Leases = s.Leases,
        WaitingPuts = s.WaitingPuts,
    };

    public static StoreStatistics Statistics(Generated.Statistics wire) => new()
    {
        Directory = wire.Directory,
        Models = wire.Models,
        Names = wire.Names,
        Blocks = wire.Blocks,
        Segments = wire.Segments,
        LogicalBytes = wire.LogicalBytes,
        LiveBytes = wire.LiveBytes,
        DeadBytes = wire.DeadBytes,
        TemporaryBytes = wire.TemporaryBytes,
        UsedBytes = wire.UsedBytes,
        CapacityBytes = wire.CapacityBytes,
        FreeBytes = wire.FreeBytes,
        Mappings = wire.Mappings,
        Leases = wire.Leases,
        WaitingPuts = wire.WaitingPuts,
    };

    public static IEnumerable<Generated.Tensor> ToWire(ImmutableArray<NamedTensor> tensors) => tensors.Select(named => new Generated.Tensor
    {
        Name = named.Name,
        Dtype = (int)named.Tensor.Layout.DType,
        Shape = { named.Tensor.Layout.Shape },
        // The tensor is immutable by contract, so its bytes are written from where they lie.
        Data = UnsafeByteOperations.UnsafeWrap(named.Tensor.Data),
    });

    public static ImmutableArray<NamedTensor> Tensors(IEnumerable<Generated.Tensor> wire) =>
        [.. wire.Select(tensor => new NamedTensor(tensor.Name, Tensor(tensor)))];

    private static HostTensor Tensor(Generated.Tensor wire) =>
        new(new TensorLayout(checked((DType)wire.Dtype), wire.Shape.ToArray()), wire.Data.Memory);
}
