using ZeroCopy.Manifests;
using ZeroCopy.Store;

namespace ZeroCopy.TestSupport;

/// <summary>What a store says of itself, for messages that carry it.</summary>
public static class StoreSamples
{
    /// <summary>Statistics whose numbers all differ, with one holder of a model.</summary>
    public static StoreStatistics Statistics(ModelId model, ModelName name) => new()
    {
        Directory = "/dev/shm/zerocopy",
        Models = 1,
        Names = 2,
        Blocks = 3,
        Segments = 4,
        LogicalBytes = 5,
        LiveBytes = 6,
        DeadBytes = 7,
        TemporaryBytes = 8,
        UsedBytes = 9,
        CapacityBytes = 10,
        FreeBytes = 11,
        Mappings = 12,
        Leases = 13,
        WaitingPuts = 14,
        Holders = [new LeaseInfo(model, "pool bert", 4711, 4) { Name = name }],
    };
}
