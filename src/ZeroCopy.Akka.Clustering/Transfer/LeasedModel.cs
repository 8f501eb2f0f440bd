using System.Buffers;
using ZeroCopy.Blocks;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Store.Receiving;

namespace ZeroCopy.Clustering.Transfer;

/// <summary>A model that the store holds: its blocks are sent from where they lie.</summary>
internal sealed class LeasedModel(ModelLease lease) : IServedModel
{
    public Manifest Manifest => lease.Manifest;

    public long? LengthOf(BlockId block) => lease.LengthOf(block);

    public IMemoryOwner<byte>? Read(BlockId block, long offset, int length) => new BlockMemory(lease, block, offset, length);

    public ModelOffer ToOffer() => lease.ToOffer();

    public void Dispose() => lease.Dispose();
}
