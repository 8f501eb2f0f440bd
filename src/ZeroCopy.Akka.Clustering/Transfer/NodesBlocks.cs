using ZeroCopy.Manifests;
using ZeroCopy.Store.Receiving;

namespace ZeroCopy.Clustering.Transfer;

/// <summary>
/// The blocks of a model on several nodes: on those that hold it, and, as they arrive there, on those that receive it at the same time.
/// Each node is asked for the next of those that are left when it has done with the last.
/// </summary>
/// <param name="manifest">The model.</param>
/// <param name="sources">Nodes that hold it.</param>
/// <param name="toPeer">Makes a source of a node that receives it.</param>
/// <param name="options">How many requests, and their times.</param>
internal sealed class NodesBlocks(
    Manifest manifest, IReadOnlyList<TransferSource> sources, Func<Uri, TransferSource> toPeer, TransferOptions options) : IBlockSource
{
    public async Task WriteAsync(IReadOnlyList<BlockWriter> blocks, CancellationToken cancellationToken)
    {
        var queue = new TransferQueue(blocks.Select(block => new IncomingBlock(block)), options.RequestBytes);
        using var reception = new Reception(manifest, sources, toPeer, queue, options, cancellationToken);
        await reception.RunAsync().ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        if (!queue.IsDone)
        {
            throw TransferException.Of(manifest.Id, sources);
        }
    }
}
