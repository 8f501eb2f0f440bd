using System.Buffers;
using ZeroCopy.Blocks;
using ZeroCopy.Manifests;
using ZeroCopy.Store.Receiving;

namespace ZeroCopy.Clustering.Transfer;

/// <summary>A model that is on its way here: those of its blocks that have arrived can be had, as copies.</summary>
internal sealed class UnfinishedModel(ArrivingModel model) : IServedModel
{
    public Manifest Manifest => model.Manifest;

    public long? LengthOf(BlockId block) => model.LengthOf(block);

    public IMemoryOwner<byte>? Read(BlockId block, long offset, int length)
    {
        var piece = MemoryPool<byte>.Shared.Rent(length);
        if (model.TryRead(block, offset, piece.Memory.Span[..length]))
        {
            return piece;
        }

        piece.Dispose();
        return null;
    }

    public void Dispose()
    {
    }
}
