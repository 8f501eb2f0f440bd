using System.Runtime.InteropServices;
using ZeroCopy.Blocks;

namespace ZeroCopy.Memory;

/// <summary>Small blocks copied into memory of one holder, each on 64 bytes: for a process that has no mappings to spare.</summary>
internal sealed unsafe class CopiedBlocks : MemoryRegion
{
    private long _used;

    /// <summary>Room for blocks of <paramref name="length"/> bytes in all, each counted with <see cref="Room"/>.</summary>
    public CopiedBlocks(long length)
    {
        Length = length;
        Base = (nint)NativeMemory.AlignedAlloc((nuint)length, SegmentLayout.Alignment);
    }

    public override nint Base { get; }

    public override long Length { get; }

    /// <summary>Bytes that a block of <paramref name="length"/> bytes takes.</summary>
    public static long Room(long length) => (length + SegmentLayout.Alignment - 1) / SegmentLayout.Alignment * SegmentLayout.Alignment;

    /// <summary>Copies a block; returns its address here.</summary>
    public nint Add(nint source, long length)
    {
        var place = Base + (nint)_used;
        Buffer.MemoryCopy((void*)source, (void*)place, Length - _used, length);
        _used += Room(length);
        return place;
    }

    public override void Free() => NativeMemory.AlignedFree((void*)Base);
}
