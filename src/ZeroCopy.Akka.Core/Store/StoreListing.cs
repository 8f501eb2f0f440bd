using System.Diagnostics;
using ZeroCopy.Memory;

namespace ZeroCopy.Store;

/// <summary>What people ask a store: its models, its counts and sizes. Its callers hold the catalog's gate.</summary>
internal static class StoreListing
{
    public static IReadOnlyList<ModelInfo> List(StoreCatalog catalog, LeaseLedger leases)
    {
        var names = catalog.Names.All().ToLookup(pointer => pointer.Model, pointer => pointer.Name);
        return
        [
            .. catalog.Models.Models
                .Select(model => new ModelInfo(
                    model.Id,
                    [.. names[model.Id]],
                    catalog.BytesOf(model),
                    model.TensorCount,
                    catalog.Pins.Contains(model.Id),
                    leases.CountOf(model.Id),
                    LastUse.Read(catalog.Directory.ManifestPath(model.Id), model.LastUsed)))
                .OrderBy(info => info.Names.IsEmpty)
                .ThenBy(info => info.Names.IsEmpty ? "" : info.Names[0].Name, StringComparer.Ordinal)
                .ThenBy(info => info.Names.IsEmpty ? 0 : info.Names[0].Version)
                .ThenBy(info => info.Id),
        ];
    }

    public static StoreStatistics Statistics(StoreCatalog catalog, LeaseLedger leases, Capacity capacity, int waitingPuts)
    {
        var live = catalog.Index.Segments.Sum(catalog.LiveBytesOf);
        var temporary = capacity.TemporaryBytes();
        var used = catalog.Index.SegmentBytes + temporary;
        var dead = catalog.Index.SegmentBytes - live;
        Debug.Assert(live >= 0 && dead >= 0 && live + dead + temporary == used, "Live + dead + temporary bytes are the used bytes.");
        return new StoreStatistics
        {
            Directory = catalog.Directory.Root,
            Models = catalog.Models.Models.Count,
            Names = catalog.Names.Count,
            Blocks = catalog.Index.Blocks.Count,
            Segments = catalog.Index.Segments.Count,
            LogicalBytes = catalog.Models.Models.Sum(catalog.BytesOf),
            LiveBytes = live,
            DeadBytes = dead,
            TemporaryBytes = temporary,
            UsedBytes = used,
            CapacityBytes = capacity.LimitBytes,
            FreeBytes = capacity.FreeBytes(),
            Mappings = MappingRegistry.LiveMappings,
            Leases = leases.Count,
            WaitingPuts = waitingPuts,
        };
    }
}
