using ZeroCopy.Blocks;
using ZeroCopy.Manifests;
using ZeroCopy.Store.Files;

namespace ZeroCopy.Store;

/// <summary>
/// Takes files out of the store: temporary files of dead processes, dead segments, evicted models. Its callers hold the store's lock and
/// the catalog's gate. A file that any process uses stays.
/// </summary>
internal sealed class Reclaimer(StoreCatalog catalog, LeaseLedger leases, Action<string> log)
{
    // Long enough for a process to be started again and to ask for the model again.
    private static readonly TimeSpan KeepReceived = TimeSpan.FromHours(1);

    // More than any program takes from its put to its first lease.
    private static readonly TimeSpan FirstLease = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Deletes the temporary files that no live put holds; returns their number and bytes. Where the time is given, what was received in
    /// the hour before stays, for whoever goes on with it.
    /// </summary>
    public (int Files, long Bytes) DeleteAbandonedFiles(DateTimeOffset? now = null)
    {
        var files = 0;
        var bytes = 0L;
        foreach (var file in new DirectoryInfo(catalog.Directory.Temporary).EnumerateFiles())
        {
            if (file.Extension == StoreDirectory.ReceiveExtension && now - file.LastWriteTimeUtc < KeepReceived)
            {
                continue;
            }

            var length = file.Exists ? file.Length : 0;
            if (ExclusiveFile.TryDelete(file.FullName))
            {
                log($"Swept temporary file {file.Name} of {length} bytes.");
                files++;
                bytes += length;
            }
        }

        return (files, bytes);
    }

    /// <summary>Deletes the manifests that are damaged, with their names and pins; returns their number.</summary>
    public int DeleteDamagedManifests(StoreChange change) => DeleteDamaged(
        change,
        StoreArea.Manifests,
        catalog.Directory.Manifests,
        path => ModelId.TryParse(Path.GetFileNameWithoutExtension(path), out var model) && path == catalog.Directory.ManifestPath(model)
            ? TryRemove(change, model)
            : ExclusiveFile.TryDelete(path));

    /// <summary>Deletes the segments that are damaged; returns their number.</summary>
    public int DeleteDamagedSegments(StoreChange change) =>
        DeleteDamaged(change, StoreArea.Segments, catalog.Directory.Segments, ExclusiveFile.TryDelete);

    private int DeleteDamaged(StoreChange change, StoreArea area, string folder, Predicate<string> tryDelete)
    {
        var files = 0;
        foreach (var file in catalog.Unreadable.All.Where(file => file.IsDamaged && file.Folder == folder).ToArray())
        {
            // Only where there is something: whoever has the store open reads the folder of a touched area again.
            change.Touch(area);
            if (tryDelete(file.Path))
            {
                log($"Deleted a damaged file of {file.Bytes} bytes: {file.Reason}");
                catalog.Unreadable.Remove(file.Path);
                files++;
            }
        }

        return files;
    }

    /// <summary>Deletes the segments that hold no live block; returns their number and bytes.</summary>
    public (int Files, long Bytes) DeleteDeadSegments(StoreChange change)
    {
        var files = 0;
        var bytes = 0L;
        if (catalog.IsBlind)
        {
            return (files, bytes);
        }

        foreach (var segment in catalog.Index.Segments.Where(catalog.IsDead).ToArray())
        {
            if (TryDelete(change, segment))
            {
                log($"Deleted segment {segment.FileName} of {segment.Length} bytes: no model refers to it.");
                files++;
                bytes += segment.Length;
            }
        }

        return (files, bytes);
    }

    public bool TryDelete(StoreChange change, Segment segment)
    {
        change.Touch(StoreArea.Segments);
        if (!ExclusiveFile.TryDelete(catalog.Directory.SegmentPath(segment.FileName)))
        {
            return false;
        }

        catalog.Index.Remove(segment.FileName);
        return true;
    }

    /// <summary>Whether this process or another one leases a model.</summary>
    public bool IsUsed(StoreChange change, ModelId model)
    {
        if (leases.CountOf(model) > 0)
        {
            return true;
        }

        change.Touch(StoreArea.Manifests);
        try
        {
            using var handle = ExclusiveFile.TryLock(catalog.Directory.ManifestPath(model));
            return handle is null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            // Somebody deleted it without the store: nobody can use it.
            return false;
        }
    }

    /// <summary>Removes a model, its names and its pin; false where it is leased by anybody.</summary>
    public bool TryRemove(StoreChange change, ModelId model)
    {
        if (IsUsed(change, model))
        {
            return false;
        }

        // The store's lock keeps others from leasing it from here on.
        change.Touch(StoreArea.Names);
        foreach (var name in catalog.Names.Of(model))
        {
            File.Delete(catalog.Directory.NamePath(name, model));
            catalog.Names.Remove(name);
        }

        File.Delete(catalog.Directory.PinPath(model));
        catalog.Pins.Remove(model);
        var manifest = catalog.Directory.ManifestPath(model);
        File.Delete(manifest);
        catalog.Unreadable.Remove(manifest);
        catalog.Models.Remove(model);
        return true;
    }

    /// <summary>
    /// Removes the older versions of a name but for the newest few, and but for the given one. A model that is used stays, with its name;
    /// one that is pinned or has other names loses this one only.
    /// </summary>
    public void KeepVersions(StoreChange change, ModelName name, int count)
    {
        foreach (var (version, model) in catalog.Names.Matching(new ModelName(name.Name)).SkipLast(count).Where(old => old.Name != name))
        {
            if (IsUsed(change, model))
            {
                continue;
            }

            if (catalog.Pins.Contains(model) || catalog.Names.Of(model).Length > 1)
            {
                NameWriter.Remove(catalog, change, version, model);
            }
            else if (TryRemove(change, model))
            {
                log($"Removed {version}: {count} version{(count == 1 ? "" : "s")} of '{name.Name}' are kept.");
            }
        }
    }

    /// <summary>
    /// Removes models that nothing but their prototype tells from a newer one, and that have neither name nor pin nor user. One that was
    /// used a moment ago may be on its way from a put to its first lease.
    /// </summary>
    public void DropTwins(StoreChange change, IEnumerable<ModelRecord> twins, DateTimeOffset now)
    {
        foreach (var twin in twins.Where(twin => !catalog.Names.IsNamed(twin.Id) && !catalog.Pins.Contains(twin.Id)))
        {
            if (now - LastUse.Read(catalog.Directory.ManifestPath(twin.Id), twin.LastUsed) > FirstLease)
            {
                TryRemove(change, twin.Id);
            }
        }
    }

    /// <summary>Makes some room, the cheapest way first, and last by eviction where it may; false where nothing can go.</summary>
    public bool ReclaimSome(StoreChange change, bool mayEvict) =>
        DeleteAbandonedFiles().Files > 0 || DeleteDeadSegments(change).Files > 0 || DeleteDamagedSegments(change) > 0
        || (mayEvict && EvictOne(change));

    /// <summary>Evicts the least recently used model that may go; false where there is none.</summary>
    public bool EvictOne(StoreChange change)
    {
        foreach (var candidate in EvictionPolicy.Order(catalog, leases))
        {
            if (TryRemove(change, candidate.Id))
            {
                log($"Evicted model {candidate.Id}, last used {candidate.LastUsed:O}.");
                DeleteDeadSegments(change);
                return true;
            }
        }

        return false;
    }
}
