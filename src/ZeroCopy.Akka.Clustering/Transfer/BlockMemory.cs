using System.Buffers;
using ZeroCopy.Blocks;
using ZeroCopy.Store;

namespace ZeroCopy.Clustering.Transfer;

/// <summary>A part of a block where the store has mapped it, kept until it is disposed.</summary>
internal sealed unsafe class BlockMemory : MemoryManager<byte>
{
    private readonly nint _block;
    private readonly nint _address;
    private readonly int _length;
    private int _disposed;

    /// <exception cref="ArgumentException">The block does not belong to the leased model.</exception>
    public BlockMemory(ModelLease lease, BlockId block, long offset, int length)
    {
        _block = lease.Retain(block);
        _address = _block + (nint)offset;
        _length = length;
    }

    public override Span<byte> GetSpan() => new((void*)_address, _length);

    public override MemoryHandle Pin(int elementIndex = 0) => new((byte*)_address + elementIndex);

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            ModelLease.Release(_block);
        }
    }
}
