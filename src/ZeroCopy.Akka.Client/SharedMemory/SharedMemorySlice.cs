using System.Runtime.InteropServices;

namespace ZeroCopy.Client.SharedMemory;

/// <summary>A part of a region, for one input or output.</summary>
public sealed class SharedMemorySlice
{
    private readonly RegionMemory _memory;

    internal SharedMemorySlice(SharedMemoryRegion region, long offset, int byteSize)
    {
        (Region, Offset, ByteSize) = (region, offset, byteSize);
        _memory = new RegionMemory(region, offset, byteSize);
    }

    /// <summary>What it is a part of.</summary>
    public SharedMemoryRegion Region { get; }

    /// <summary>Where it begins in the region, in bytes.</summary>
    public long Offset { get; }

    /// <summary>Its size.</summary>
    public int ByteSize { get; }

    /// <summary>Its bytes, until the region is disposed.</summary>
    public Memory<byte> Memory => _memory.Memory;

    /// <summary>Its bytes as values, to be written and read in place until the region is disposed.</summary>
    /// <exception cref="ObjectDisposedException">The region is disposed.</exception>
    public Span<T> Values<T>()
        where T : unmanaged =>
        MemoryMarshal.Cast<byte, T>(_memory.GetSpan());
}
