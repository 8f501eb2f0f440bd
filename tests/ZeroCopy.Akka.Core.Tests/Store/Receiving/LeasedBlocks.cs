using ZeroCopy.Blocks;
using ZeroCopy.Store;
using ZeroCopy.Store.Receiving;

namespace ZeroCopy.Tests.Store.Receiving;

/// <summary>Blocks of a model that is leased in another store, in pieces of a few bytes.</summary>
internal sealed class LeasedBlocks(ModelLease lease, int piece = 300) : IBlockSource
{
    /// <summary>The blocks that were asked for, in order.</summary>
    public List<BlockId> Asked { get; } = [];

    /// <summary>Changes what is sent of a block, at its n-th try.</summary>
    public Func<BlockId, int, byte[], byte[]> Change { get; init; } = (_, _, bytes) => bytes;

    /// <summary>Runs before the first block is written.</summary>
    public Func<Task> Before { get; init; } = () => Task.CompletedTask;

    public async Task WriteAsync(IReadOnlyList<BlockWriter> blocks, CancellationToken cancellationToken)
    {
        await Before();
        foreach (var block in blocks)
        {
            Asked.Add(block.Id);
            for (var attempt = 1; !block.IsComplete && attempt <= 2; attempt++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var bytes = Change(block.Id, attempt, lease.Bytes(block.Id).ToArray());
                for (var offset = 0; offset < bytes.Length; offset += piece)
                {
                    block.Append(bytes.AsSpan(offset, Math.Min(piece, bytes.Length - offset)));
                }

                if (block.Position == block.Length)
                {
                    block.TryComplete();
                }
            }
        }
    }
}
