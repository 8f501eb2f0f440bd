using System.Collections.Immutable;
using System.Diagnostics;
using ZeroCopy.Manifests;
using ZeroCopy.Memory;
using ZeroCopy.Store.Files;

namespace ZeroCopy.Store;

/// <summary>What people ask a store: its models, its counts and sizes. Its callers hold the catalog's gate.</summary>
internal static class StoreListing
{
    public static IReadOnlyList<ModelInfo> List(StoreCatalog catalog, LeaseLedger leases)
    {
        var holders = Holders(catalog, leases).ToLookup(holder => holder.Model);
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
                    LastUse.Read(catalog.Directory.ManifestPath(model.Id), model.LastUsed))
                {
                    Holders = [.. holders[model.Id]],
                })
                .OrderBy(info => info.Names.IsEmpty)
                .ThenBy(info => info.Names.IsEmpty ? "" : info.Names[0].Name, StringComparer.Ordinal)
                .ThenBy(info => info.Names.IsEmpty ? 0 : info.Names[0].Version)
                .ThenBy(info => info.Id),
        ];
    }

    public static IReadOnlyList<ModelHandle> Names(StoreCatalog catalog) =>
    [
        .. from pointer in catalog.Names.All()
           let record = catalog.Models.TryGet(pointer.Model, out var found) ? found : null
           where record is not null
           select new ModelHandle(record.Id, catalog.BytesOf(record), pointer.Name),
    ];

    public static IReadOnlyList<ModelSharing> Sharing(StoreCatalog catalog)
    {
        var names = catalog.Names.All().ToLookup(pointer => pointer.Model, pointer => pointer.Name);
        return
        [
            .. from model in catalog.Models.Models
               let modelNames = names[model.Id].ToImmutableArray()
               let shared = model.Blocks.Where(catalog.Models.IsShared).ToArray()
               orderby modelNames.IsEmpty, modelNames.IsEmpty ? "" : modelNames[0].ToString(), model.Id
               select new ModelSharing(
                   model.Id, modelNames, model.Blocks.Length, shared.Length, catalog.BytesOf(model), shared.Sum(catalog.BytesOf)),
        ];
    }

    public static StoreStatistics Statistics(StoreCatalog catalog, LeaseLedger leases, Capacity capacity, int waitingPuts)
    {
        var live = catalog.Index.Segments.Sum(catalog.LiveBytesOf);
        var temporary = capacity.TemporaryBytes();
        var used = catalog.SegmentBytes + temporary;
        var dead = catalog.SegmentBytes - live;
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
            Holders = [.. Holders(catalog, leases)],
        };
    }

    /// <summary>What this process leases, by holder.</summary>
    public static IReadOnlyList<LeaseInfo> Leases(StoreCatalog catalog, LeaseLedger leases) => Named(catalog, leases.List());

    /// <summary>
    /// Who holds which models: here as the ledger says, elsewhere as the kernel's locks do. A second store object of this process is
    /// elsewhere.
    /// </summary>
    private static IReadOnlyList<LeaseInfo> Holders(StoreCatalog catalog, LeaseLedger leases)
    {
        var models = catalog.Models.Models.Select(model => model.Id).ToArray();
        var locks = FileOwner.LockHolders([.. models.Select(catalog.Directory.ManifestPath)]);
        return Named(catalog, leases.List().Concat(models.SelectMany((model, i) => locks[i]
            .Where(process => process != Environment.ProcessId || leases.CountOf(model) == 0)
            .Select(process => new LeaseInfo(model, $"process {process}", process, 1)))));
    }

    // A model that many hold has its names looked up once.
    private static IReadOnlyList<LeaseInfo> Named(StoreCatalog catalog, IEnumerable<LeaseInfo> leases)
    {
        var held = leases.ToArray();
        var names = held.Select(lease => lease.Model).Distinct().ToDictionary(model => model, catalog.Names.Of);
        return [.. held.Select(lease => names[lease.Model] is [var first, ..] ? lease with { Name = first } : lease)];
    }
}
