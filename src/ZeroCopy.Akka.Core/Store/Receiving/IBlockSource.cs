namespace ZeroCopy.Store.Receiving;

/// <summary>Where the blocks of an offered model come from. Used by one put at a time.</summary>
public interface IBlockSource
{
    /// <summary>
    /// Writes every one of the blocks and completes it; several at a time if it likes. A block whose bytes turn out to be others is begun
    /// again, from another place if there is one. May run again, with other blocks, where the store was changed meanwhile.
    /// </summary>
    /// <param name="blocks">The blocks that the store lacks, each with its writer.</param>
    /// <param name="cancellationToken">The receiver has given up.</param>
    /// <exception cref="Errors.ZeroCopyException">A block cannot be had; nothing is published.</exception>
    Task WriteAsync(IReadOnlyList<BlockWriter> blocks, CancellationToken cancellationToken);
}
