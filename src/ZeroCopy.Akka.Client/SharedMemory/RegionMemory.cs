using System.Buffers;

namespace ZeroCopy.Client.SharedMemory;

/// <summary>Mapped bytes of a region.</summary>
internal sealed unsafe class RegionMemory(SharedMemoryRegion region, long offset, int byteSize) : MemoryManager<byte>
{
    public override Span<byte> GetSpan()
    {
        ObjectDisposedException.ThrowIf(region.Handle.IsClosed, region);
        return new Span<byte>((byte*)region.Handle.DangerousGetHandle() + offset, byteSize);
    }

    public override MemoryHandle Pin(int elementIndex = 0)
    {
        // Whoever has pinned the bytes keeps them mapped.
        var added = false;
        region.Handle.DangerousAddRef(ref added);
        return new MemoryHandle((byte*)region.Handle.DangerousGetHandle() + offset + elementIndex, default, this);
    }

    public override void Unpin() => region.Handle.DangerousRelease();

    protected override void Dispose(bool disposing)
    {
        // The memory is the region's.
    }
}
