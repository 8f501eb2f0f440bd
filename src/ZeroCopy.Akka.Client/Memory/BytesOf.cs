using System.Buffers;
using System.Runtime.InteropServices;

namespace ZeroCopy.Client.Memory;

/// <summary>The bytes of other memory, without a copy.</summary>
internal sealed class BytesOf<T>(ReadOnlyMemory<T> memory) : MemoryManager<byte>
    where T : unmanaged
{
    /// <summary>The bytes of the memory, which must live as long as they are read.</summary>
    public static ReadOnlyMemory<byte> View(ReadOnlyMemory<T> memory) =>
        memory is ReadOnlyMemory<byte> bytes ? bytes : new BytesOf<T>(memory).Memory;

    public override Span<byte> GetSpan() => MemoryMarshal.AsBytes(MemoryMarshal.AsMemory(memory).Span);

    public override unsafe MemoryHandle Pin(int elementIndex = 0)
    {
        var handle = memory.Pin();
        return new MemoryHandle((byte*)handle.Pointer + elementIndex, default, new Pinned(handle));
    }

    public override void Unpin()
    {
        // Each handle ends its own pin.
    }

    protected override void Dispose(bool disposing)
    {
        // The memory is its owner's.
    }

    private sealed class Pinned(MemoryHandle handle) : IPinnable
    {
        public MemoryHandle Pin(int elementIndex) => throw new NotSupportedException();

        public void Unpin() => handle.Dispose();
    }
}
