using ZeroCopy.Store.Files;

namespace ZeroCopy.Store;

/// <summary>Which models may be evicted, and in which order.</summary>
internal static class EvictionPolicy
{
    /// <summary>
    /// Models without name, pin and lease of this process, least recently used first. The time of the manifest file is what other processes
    /// tell about their use.
    /// </summary>
    public static IReadOnlyList<ModelRecord> Order(StoreCatalog catalog, LeaseLedger leases)
    {
        var candidates = catalog.Models.Models
            .Where(m => !catalog.Names.IsNamed(m.Id) && !catalog.Pins.Contains(m.Id) && leases.CountOf(m.Id) == 0).ToArray();
        foreach (var model in candidates)
        {
            model.LastUsed = LastUse.Read(catalog.Directory.ManifestPath(model.Id), model.LastUsed);
        }

        return [.. candidates.OrderBy(m => m.LastUsed).ThenBy(m => m.Id)];
    }
}
