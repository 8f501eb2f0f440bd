using ZeroCopy.Store;
using ZeroCopy.Store.Receiving;

namespace ZeroCopy.StoreProcess;

/// <summary>Blocks of a leased model, of which the last one never comes to its end.</summary>
internal sealed class StallingBlocks(ModelLease lease, TextWriter output) : IBlockSource
{
    public async Task WriteAsync(IReadOnlyList<BlockWriter> blocks, CancellationToken cancellationToken)
    {
        foreach (var block in blocks.SkipLast(1))
        {
            block.Append(lease.Bytes(block.Id));
            block.TryComplete();
        }

        blocks[^1].Append(lease.Bytes(blocks[^1].Id)[..(int)(blocks[^1].Length / 2)]);
        await output.WriteLineAsync("stalled");
        await Task.Delay(Timeout.Infinite, cancellationToken);
    }
}
