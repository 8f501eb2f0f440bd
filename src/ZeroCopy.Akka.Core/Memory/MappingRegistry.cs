using ZeroCopy.Store;

namespace ZeroCopy.Memory;

/// <summary>
/// All mappings of this process: one a segment that all share, and private ones; found by path when a model is leased and by address when a native tensor is freed.
/// Static, because a deleter knows nothing but its address, and because two stores on one directory shall share their mappings.
/// </summary>
internal static class MappingRegistry
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<(string Path, MappingMode Mode), SegmentMapping> ByPath = [];

    // Sorted by address and replaced as a whole, so that deleters search it without a lock.
    private static SegmentMapping[] _byAddress = [];
    private static long _retained;

    /// <summary>Raised after a mapping is gone: its segment may be deletable now.</summary>
    public static event Action? Unmapped;

    public static int LiveMappings => Volatile.Read(ref _byAddress).Length;

    /// <summary>References that blocks' users hold, without those of leases.</summary>
    public static long RetainedReferences => Interlocked.Read(ref _retained);

    /// <summary>The mapping of a segment, with one more reference; maps it where it is not mapped yet.</summary>
    public static SegmentMapping Map(string path, MappingMode mode, bool prefault)
    {
        lock (Gate)
        {
            if (ByPath.TryGetValue((path, mode), out var known) && known.TryRetain())
            {
                return known;
            }

            var mapping = new SegmentMapping(path, mode, prefault);
            ByPath[(path, mode)] = mapping;
            Add(mapping);
            return mapping;
        }
    }

    /// <summary>
    /// Another mapping of the same segment, which only its caller finds, with one reference. Null where the segment is not mapped any more: its
    /// file may be gone.
    /// </summary>
    public static SegmentMapping? MapAnewOrNull(SegmentMapping like)
    {
        if (!like.TryRetain())
        {
            return null;
        }

        try
        {
            lock (Gate)
            {
                var mapping = new SegmentMapping(like.Path, like.Mode, prefault: false);
                Add(mapping);
                return mapping;
            }
        }
        finally
        {
            Unmap(like);
        }
    }

    public static void Unmap(SegmentMapping mapping)
    {
        if (!mapping.Release())
        {
            return;
        }

        lock (Gate)
        {
            if (ByPath.TryGetValue((mapping.Path, mapping.Mode), out var current) && ReferenceEquals(current, mapping))
            {
                ByPath.Remove((mapping.Path, mapping.Mode));
            }

            // Before the memory goes: its addresses may be given to the next mapping.
            Volatile.Write(ref _byAddress, [.. _byAddress.Where(m => !ReferenceEquals(m, mapping))]);
            mapping.Unmap();
        }

        Unmapped?.Invoke();
    }

    /// <summary>Retains a mapping for a block's user; false where it is not mapped any more, because the lease that found it has ended.</summary>
    public static bool TryRetain(SegmentMapping mapping)
    {
        if (!mapping.TryRetain())
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

    private static void Add(SegmentMapping mapping) =>
        Volatile.Write(ref _byAddress, [.. _byAddress.Append(mapping).OrderBy(m => m.Base)]);

    private static SegmentMapping? Find(nint address)
    {
        var mappings = Volatile.Read(ref _byAddress);
        var low = 0;
        var high = mappings.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            if (mappings[middle].Contains(address))
            {
                return mappings[middle];
            }

            if (mappings[middle].Base < address)
            {
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }

        return null;
    }
}
