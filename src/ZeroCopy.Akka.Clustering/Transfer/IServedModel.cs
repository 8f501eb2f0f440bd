using System.Buffers;
using ZeroCopy.Blocks;
using ZeroCopy.Manifests;

namespace ZeroCopy.Clustering.Transfer;

/// <summary>A model as other nodes may have blocks of it. Thread-safe; whoever got it disposes it.</summary>
internal interface IServedModel : IDisposable
{
    Manifest Manifest { get; }

    /// <summary>Bytes of a block; null where it is not here.</summary>
    long? LengthOf(BlockId block);

    /// <summary>
    /// At least so many bytes of a block that is here, from an offset on, which the caller disposes; null where they can no longer be had.
    /// </summary>
    IMemoryOwner<byte>? Read(BlockId block, long offset, int length);
}
