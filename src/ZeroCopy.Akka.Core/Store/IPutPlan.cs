using ZeroCopy.Blocks;
using ZeroCopy.Manifests;

namespace ZeroCopy.Store;

/// <summary>What a put comes to: the manifest, and how the blocks that the store lacks are written.</summary>
internal interface IPutPlan
{
    Manifest Manifest { get; }

    /// <summary>Bytes of all distinct blocks.</summary>
    long Bytes { get; }

    /// <summary>Whether its bytes come from elsewhere, so that those which came before a crash are worth keeping.</summary>
    bool IsReceived { get; }

    /// <summary>Bytes of a block of the manifest.</summary>
    long LengthOf(BlockId block);

    /// <summary>Writes every block of the segments. Runs outside the store's lock, again where others changed what is missing.</summary>
    Task WriteAsync(SegmentGroup group, PutMeter meter, CancellationToken cancellationToken);
}
