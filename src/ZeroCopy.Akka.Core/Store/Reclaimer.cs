using ZeroCopy.Blocks;
using ZeroCopy.Manifests;

namespace ZeroCopy.Store;

/// <summary>
/// Takes files out of the store: temporary files of dead processes, dead segments, evicted models. Its callers hold the store's lock and
/// the catalog's gate. A file that any process uses stays.
/// </summary>
internal sealed class Reclaimer(StoreCatalog catalog, LeaseLedger leases, Action<string> log)
{
    /// <summary>Deletes the temporary files that no live put holds; gives their number and bytes.</summary>
    public (int Files, long Bytes) DeleteAbandonedFiles()
    {
        var files = 0;
        var bytes = 0L;
        foreach (var file in new DirectoryInfo(catalog.Directory.Temporary).EnumerateFiles())
        {
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

    /// <summary>Deletes the segments that hold no live block; gives their number and bytes.</summary>
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

    /// <summary>Removes a model, its names and its pin; false where it is leased by anybody.</summary>
    public bool TryRemove(StoreChange change, ModelId model)
    {
        if (leases.CountOf(model) > 0)
        {
            return false;
        }

        change.Touch(StoreArea.Manifests);
        change.Touch(StoreArea.Names);
        using (var handle = ExclusiveFile.TryLock(catalog.Directory.ManifestPath(model)))
        {
            if (handle is null)
            {
                return false;
            }
        }

        // The store's lock keeps others from leasing it from here on.
        foreach (var (name, _) in catalog.Names.All().Where(pointer => pointer.Model == model))
        {
            File.Delete(catalog.Directory.NamePath(name, model));
            catalog.Names.Remove(name);
        }

        File.Delete(catalog.Directory.PinPath(model));
        catalog.Pins.Remove(model);
        File.Delete(catalog.Directory.ManifestPath(model));
        catalog.Models.Remove(model);
        return true;
    }

    /// <summary>Makes some room, the cheapest way first; false where nothing can go.</summary>
    public bool ReclaimSome(StoreChange change) =>
        DeleteAbandonedFiles().Files > 0 || DeleteDeadSegments(change).Files > 0 || EvictOne(change);

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
