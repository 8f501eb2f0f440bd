namespace ZeroCopy.Memory;

/// <summary>
/// All mappings of this process: one a segment that all read, and those of single holders; found by path when a model is leased and by
/// address when a native tensor is freed. Static, because a deleter knows nothing but its address, and because two stores on one directory
/// shall share their mappings.
/// </summary>
internal static class MappingRegistry
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, SegmentMapping> ByPath = [];

    // Sorted by address and replaced as a whole, so that deleters search it without a lock.
    private static MemoryRegion[] _byAddress = [];
    private static long _retained;

    /// <summary>Raised after a mapping is gone: its segment may be deletable now.</summary>
    public static event Action? Unmapped;

    public static int LiveMappings => Volatile.Read(ref _byAddress).Length;

    /// <summary>References that blocks' users hold, without those of leases.</summary>
    public static long RetainedReferences => Interlocked.Read(ref _retained);

    /// <summary>The mapping of a segment, with one more reference; maps it where it is not mapped yet.</summary>
    public static SegmentMapping Map(string path)
    {
        lock (Gate)
        {
            if (ByPath.TryGetValue(path, out var known) && known.TryRetain())
            {
                return known;
            }

            var mapping = new SegmentMapping(path);
            ByPath[path] = mapping;
            Insert(mapping);
            return mapping;
        }
    }

    /// <summary>Makes memory of a single holder known, which keeps its one reference.</summary>
    public static void Add(MemoryRegion region)
    {
        lock (Gate)
        {
            Insert(region);
        }
    }

    public static void Unmap(MemoryRegion region)
    {
        if (!region.Release())
        {
            return;
        }

        lock (Gate)
        {
            if (region is SegmentMapping { Path: var path } && ByPath.TryGetValue(path, out var current)
                && ReferenceEquals(current, region))
            {
                ByPath.Remove(path);
            }

            // Before the memory goes: its addresses may be given to the next mapping.
            Volatile.Write(ref _byAddress, [.. _byAddress.Where(one => !ReferenceEquals(one, region))]);
            region.Free();
        }

        Unmapped?.Invoke();
    }

    /// <summary>Retains memory for a block's user; false where it is mapped no more, because the lease that found it has ended.</summary>
    public static bool TryRetain(MemoryRegion region)
    {
        if (!region.TryRetain())
        {
            return false;
        }

        Interlocked.Increment(ref _retained);
        return true;
    }

    /// <summary>Gives a retained reference back. Never throws: an unknown address is ignored, for the caller is a native deleter.</summary>
    public static void Release(nint address)
    {
        if (Find(address) is { } mapping)
        {
            Interlocked.Decrement(ref _retained);
            Unmap(mapping);
        }
    }

    // In its place: a process may hold thousands.
    private static void Insert(MemoryRegion region)
    {
        var at = IndexAbove(region.Base, _byAddress);
        Volatile.Write(ref _byAddress, [.. _byAddress.AsSpan(0, at), region, .. _byAddress.AsSpan(at)]);
    }

    private static MemoryRegion? Find(nint address)
    {
        var regions = Volatile.Read(ref _byAddress);
        var above = IndexAbove(address, regions);
        return above > 0 && regions[above - 1].Contains(address) ? regions[above - 1] : null;
    }

    /// <summary>The number of regions that start at an address or below it.</summary>
    private static int IndexAbove(nint address, MemoryRegion[] regions)
    {
        var (low, high) = (0, regions.Length);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            (low, high) = regions[middle].Base <= address ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
