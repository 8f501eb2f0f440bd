using System.Collections.Immutable;
using System.Globalization;
using Google.Protobuf;
using ZeroCopy.Clocks;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Tensors;

namespace ZeroCopy.Actors.Wire;

/// <summary>
/// Between our types and the generated ones. What comes from the wire is checked here; errors are those of the types themselves.
/// </summary>
internal static class WireMapping
{
    private static readonly long LongestMs = (long)TimeSpan.MaxValue.TotalMilliseconds;

    // What failed may print its data into its message, and what does not fit into a frame never arrives.
    private const int MostReason = 8_000;

    /// <summary>
    /// A deadline in milliseconds: 0 for that of the pool, the longest there is for none. One below a millisecond, or passed, must become
    /// neither.
    /// </summary>
    public static long ToWire(TimeSpan? deadline) => deadline is not { } given ? 0
        : Durations.OrNone(given) is { } limit ? Math.Clamp((long)Math.Ceiling(limit.TotalMilliseconds), 1, LongestMs)
        : LongestMs;

    public static TimeSpan? Deadline(long wire) => wire == 0 ? null
        : wire < LongestMs ? TimeSpan.FromMilliseconds(wire)
        : Timeout.InfiniteTimeSpan;

    /// <summary>Why something failed, empty for null; the beginning of it where it is long.</summary>
    public static string Reason(string? text) => text is not { Length: > MostReason } ? text ?? ""
        : $"{text.AsSpan(0, char.IsHighSurrogate(text[MostReason - 1]) ? MostReason - 1 : MostReason)}… ({text.Length} characters)";

    public static ByteString ToWire(ModelId id)
    {
        var hash = new byte[32];
        id.CopyTo(hash);
        return UnsafeByteOperations.UnsafeWrap(hash);
    }

    public static ModelId Id(ByteString wire) => ModelId.FromHash(wire.Span);

    public static Generated.Handle ToWire(ModelHandle model) =>
        new() { Id = ToWire(model.Id), Bytes = model.Bytes, Name = ToWire(model.Name) };

    public static ModelHandle Handle(Generated.Handle wire) => Handle(wire.Id, wire.Bytes, wire.Name);

    public static ModelHandle Handle(ByteString id, long bytes, string name)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        return new ModelHandle(Id(id), bytes, Name(name));
    }

    public static string ToWire(ModelName? name) => name?.ToString() ?? "";

    public static Generated.Info ToWire(ModelInfo info) => new()
    {
        Id = ToWire(info.Id),
        Names = { info.Names.Select(name => name.ToString()) },
        Bytes = info.Bytes,
        Tensors = info.TensorCount,
        Pinned = info.Pinned,
        Leases = info.Leases,
        LastUsed = info.LastUsed.UtcTicks,
        Holders = { info.Holders.Select(ToWire) },
    };

    public static ModelInfo Info(Generated.Info wire) => new(
        Id(wire.Id), [.. wire.Names.Select(ModelName.Parse)], wire.Bytes, wire.Tensors, wire.Pinned, wire.Leases,
        new DateTimeOffset(wire.LastUsed, TimeSpan.Zero))
    {
        Holders = [.. wire.Holders.Select(Holder)],
    };

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
        Holders = { s.Holders.Select(ToWire) },
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
        Holders = [.. wire.Holders.Select(Holder)],
    };

    public static Generated.Holder ToWire(LeaseInfo lease) => new()
    {
        Model = ToWire(lease.Model),
        Name = lease.Holder,
        Process = lease.Process,
        Leases = lease.Leases,
        ModelName = ToWire(lease.Name),
    };

    private static LeaseInfo Holder(Generated.Holder wire) =>
        new(Id(wire.Model), wire.Name, wire.Process, wire.Leases) { Name = Name(wire.ModelName) };

    private static ModelName? Name(string wire) => wire.Length == 0 ? null : ModelName.Parse(wire);

    public static IEnumerable<Generated.Tensor> ToWire(ImmutableArray<NamedTensor> tensors) => tensors.Select(named => new Generated.Tensor
    {
        Name = named.Name,
        Dtype = (int)named.Tensor.Layout.DType,
        Shape = { named.Tensor.Layout.Shape },
        // The tensor is immutable by contract, so its bytes are written from where they lie.
        Data = UnsafeByteOperations.UnsafeWrap(named.Tensor.Data),
        IsText = named.IsText,
        IsNone = named.IsNone,
    });

    public static ImmutableArray<NamedTensor> Tensors(IEnumerable<Generated.Tensor> wire) =>
        [.. wire.Select(tensor => tensor.IsNone ? NamedTensor.OfNone(tensor.Name)
            : tensor.IsText ? NamedTensor.OfText(tensor.Name, tensor.Data.ToStringUtf8())
            : new NamedTensor(tensor.Name, Tensor(tensor)))];

    /// <exception cref="FormatException">There is no such value.</exception>
    public static T Known<T>(int value)
        where T : struct, Enum =>
        (T)Enum.ToObject(typeof(T), value) is var known && Enum.IsDefined(known)
            && Convert.ToInt32(known, CultureInfo.InvariantCulture) == value
            ? known
            : throw new FormatException($"{value} is not a {typeof(T).Name}.");

    private static HostTensor Tensor(Generated.Tensor wire) =>
        new(new TensorLayout(checked((DType)wire.Dtype), wire.Shape.ToArray()), wire.Data.Memory);
}
