using System.Diagnostics;
using ZeroCopy.Errors;
using ZeroCopy.Memory;
using ZeroCopy.Store.Files;

namespace ZeroCopy.Store;

/// <summary>How many bytes the store holds and may still take. Its callers hold the store's lock and the catalog's gate.</summary>
internal sealed class Capacity(StoreCatalog catalog, ObjectStoreOptions options)
{
    private const string Setting = "zerocopy.object-store.capacity";
    private const long DockerDefaultBytes = 64L << 20;
    private const string SharedMemory = "/dev/shm";

    /// <summary>The limit of the settings, or four fifths of the file system.</summary>
    public long LimitBytes => options.CapacityBytes > 0 ? options.CapacityBytes : catalog.Directory.FileSystemBytes().Total / 5 * 4;

    /// <summary>Bytes of puts under way in any process: a temporary file has its full length from the start.</summary>
    public long TemporaryBytes() => SumOfTemporaryFiles(file => file.Length);

    public long UsedBytes() => catalog.SegmentBytes + TemporaryBytes();

    /// <summary>What a put can get without eviction.</summary>
    public long FreeBytes()
    {
        var free = Math.Max(0, Math.Min(LimitBytes - UsedBytes(), AvailableBytes()));
        Debug.Assert(free >= 0 && free <= LimitBytes, "Free bytes lie between nothing and the limit.");
        return free;
    }

    /// <summary>Why a put is refused.</summary>
    /// <param name="needed">Bytes that it needs.</param>
    /// <param name="free">Bytes that are free.</param>
    /// <param name="others">
    /// Puts that wait for room and come first, so that nothing was evicted for this one; 0 where it was its turn.
    /// </param>
    /// <param name="diskIsFull">Whether the file system took no more, whatever it says to be available.</param>
    public StoreFullException Full(long needed, long free, int others = 0, bool diskIsFull = false)
    {
        var total = catalog.Directory.FileSystemBytes().Total;
        var available = AvailableBytes();
        var fileSystemIsLimit = diskIsFull || options.CapacityBytes <= 0 || available < needed;
        var limit = fileSystemIsLimit ? Math.Min(total, LimitBytes) : LimitBytes;
        var message = $"The store in {catalog.Directory.Root} has no room for {needed} bytes: {free} are free of a limit of {limit}"
            + (fileSystemIsLimit ? $" (file system of {total} bytes, {available} of them available)" : $" ({Setting})")
            + (others > 0
                ? $", and {others} other put{(others == 1 ? " that waits" : "s that wait")} for room came first. "
                : ", and models that are named, pinned or leased are not evicted. ");
        if (fileSystemIsLimit && total <= DockerDefaultBytes && catalog.Directory.Root.StartsWith(SharedMemory, StringComparison.Ordinal))
        {
            message += $"{SharedMemory} of 64 MB is Docker's default: start the container with --shm-size "
                + "(for example --shm-size=8g), or --ipc=host.";
            return new StoreFullException(message, needed, free, limit, "--shm-size");
        }

        message += fileSystemIsLimit
            ? "Remove models, or set zerocopy.object-store.directory to a larger file system."
            : $"Remove models, or raise {Setting}.";
        return new StoreFullException(message, needed, free, limit, fileSystemIsLimit ? "zerocopy.object-store.directory" : Setting);
    }

    /// <summary>
    /// What the file system can still take when the puts under way are done. Their files have the full length, but the file system calls
    /// those bytes available until they are written: without the difference two puts are promised the same room.
    /// </summary>
    private long AvailableBytes()
    {
        var promised = SumOfTemporaryFiles(file => Math.Max(0, file.Length - (FileOwner.AllocatedBytes(file.FullName) ?? file.Length)));
        return Math.Max(0, catalog.Directory.FileSystemBytes().Available - promised);
    }

    private long SumOfTemporaryFiles(Func<FileInfo, long> measure)
    {
        var bytes = 0L;
        foreach (var file in new DirectoryInfo(catalog.Directory.Temporary).EnumerateFiles())
        {
            try
            {
                bytes += measure(file);
            }
            catch (FileNotFoundException)
            {
                // Its put ended between the listing and here.
                continue;
            }
        }

        return bytes;
    }
}
