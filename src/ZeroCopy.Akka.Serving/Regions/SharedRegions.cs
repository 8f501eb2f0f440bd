using ZeroCopy.Memory;
using ZeroCopy.Serving.Protocol;
using ZeroCopy.Serving.Settings;

namespace ZeroCopy.Serving.Regions;

/// <summary>The regions of shared memory that callers registered, by their names. Thread-safe.</summary>
internal sealed class SharedRegions(ServingOptions options) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, SharedRegion> _regions = new(StringComparer.Ordinal);

    /// <summary>Adds a region.</summary>
    /// <param name="name">What requests call it.</param>
    /// <param name="key">Name of the shared memory object.</param>
    /// <param name="offset">Bytes of the object in front of the region.</param>
    /// <param name="size">Bytes of the region.</param>
    /// <exception cref="RequestException">
    /// Shared memory is off, the name is taken, or the object is not there, not the server's user's, too small, or larger than
    /// the memory that there is.
    /// </exception>
    public void Register(string name, string key, long offset, long size)
    {
        RequireOn();
        if (name.Length == 0)
        {
            throw new RequestException("The region has no name.");
        }

        if (size is <= 0 or > int.MaxValue)
        {
            throw new RequestException($"byte_size is {size} but must be a number of bytes from 1 to {int.MaxValue}.");
        }

        lock (_lock)
        {
            RequirePlace(name);
        }

        // Calls that use other regions do not wait meanwhile: to reserve a large one takes time.
        var region = Open(key, offset, (int)size);
        try
        {
            lock (_lock)
            {
                RequirePlace(name);
                _regions.Add(name, region);
            }
        }
        catch (RequestException)
        {
            region.Release();
            throw;
        }
    }

    /// <summary>Removes a region, where there is one of the name; all where the name is empty. Calls that use it keep its memory.</summary>
    /// <exception cref="RequestException">Shared memory is off.</exception>
    public void Unregister(string name)
    {
        RequireOn();
        lock (_lock)
        {
            string[] names = name.Length > 0 ? [name] : [.. _regions.Keys];
            foreach (var each in names)
            {
                if (_regions.Remove(each, out var region))
                {
                    region.Release();
                }
            }
        }
    }

    /// <summary>The region of a name; all where the name is empty.</summary>
    /// <exception cref="RequestException">There is no region of the name.</exception>
    public IReadOnlyList<(string Name, SharedRegion Region)> List(string name)
    {
        lock (_lock)
        {
            if (name.Length > 0 && !_regions.ContainsKey(name))
            {
                throw NoRegion(name);
            }

            return [.. _regions.Where(pair => name.Length == 0 || pair.Key == name).Select(pair => (pair.Key, pair.Value))];
        }
    }

    /// <summary>The memory that a tensor has in a region, until <paramref name="memory"/> is disposed.</summary>
    /// <exception cref="RequestException">There is no such region, or the tensor does not lie in it.</exception>
    public Memory<byte> Use(RegionUse use, RequestMemory memory)
    {
        RequireOn();
        SharedRegion? region;
        lock (_lock)
        {
            if (!_regions.TryGetValue(use.Region, out region) || !region.TryRetain())
            {
                throw NoRegion(use.Region);
            }
        }

        memory.Hold(region.Release);
        if (use.Offset > region.Size || use.Size > region.Size - use.Offset)
        {
            throw new RequestException(
                $"Region '{use.Region}' has {region.Size} bytes, and a tensor lies at {use.Offset} with {use.Size} bytes.");
        }

        return region.IsWhole ? region.Memory.Slice((int)use.Offset, (int)use.Size) : throw new RequestException(
            $"Shared memory object '{region.Key}' is smaller than region '{use.Region}', which ends at {region.Offset + region.Size}.");
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var region in _regions.Values)
            {
                region.Release();
            }

            _regions.Clear();
        }
    }

    private static SharedRegion Open(string key, long offset, int size)
    {
        var file = SharedObject.Open(key);
        try
        {
            if (offset > file.Length - size)
            {
                throw new RequestException(
                    $"Shared memory object '{key}' has {file.Length} bytes, and the region starts at {offset} with {size} bytes.");
            }

            FilePages.Reserve(file.SafeFileHandle, offset, size);
            return new SharedRegion(key, file, offset, size);
        }
        catch (Exception e)
        {
            file.Dispose();
            throw e is IOException or UnauthorizedAccessException or NotSupportedException
                ? new RequestException($"Shared memory object '{key}' cannot be mapped: {e.Message.TrimEnd('.')}.", e)
                : e;
        }
    }

    private void RequirePlace(string name)
    {
        if (_regions.ContainsKey(name))
        {
            throw new RequestException($"There is a region '{name}' already: unregister it first.");
        }

        if (_regions.Count == options.MaxSharedMemoryRegions)
        {
            throw new RequestException($"There are {_regions.Count} regions, and no more are allowed ({SettingNames.MaxRegions}).");
        }
    }

    private static RequestException NoRegion(string name) => new($"There is no region '{name}' of shared memory.");

    private void RequireOn()
    {
        if (!options.SharedMemory)
        {
            throw new RequestException($"Shared memory is off here ({SettingNames.SharedMemory}).");
        }
    }
}
