using ZeroCopy.Blocks;
using ZeroCopy.Manifests;

namespace ZeroCopy.Store.Receiving;

/// <summary>
/// A model on its way into a store, whose blocks can be read as soon as each of them is whole and has its hash. Thread-safe.
/// </summary>
internal sealed class ArrivingModel
{
    private readonly Lock _lock = new();
    private readonly Dictionary<BlockId, BlockWriter> _blocks;
    private bool _hasEnded;

    internal ArrivingModel(Manifest manifest, IEnumerable<BlockWriter> blocks)
    {
        Manifest = manifest;
        _blocks = blocks.ToDictionary(block => block.Id);
    }

    /// <summary>The model's manifest.</summary>
    public Manifest Manifest { get; }

    /// <summary>Bytes of a block that has arrived; null for those that have not, and for those that were here before.</summary>
    public long? LengthOf(BlockId block) => _blocks.TryGetValue(block, out var writer) && writer.IsComplete ? writer.Length : null;

    /// <summary>
    /// Copies bytes of a block that has arrived. False where the model is no longer on its way: the store holds it, or nothing of it.
    /// </summary>
    /// <exception cref="KeyNotFoundException">The block has not arrived.</exception>
    public bool TryRead(BlockId block, long offset, Span<byte> destination)
    {
        if (LengthOf(block) is null)
        {
            throw new KeyNotFoundException($"Block {block} of model {Manifest.Id} has not arrived.");
        }

        // Not beside the end: who publishes the file closes it before.
        lock (_lock)
        {
            if (!_hasEnded)
            {
                _blocks[block].Read(offset, destination);
            }

            return !_hasEnded;
        }
    }

    internal void End()
    {
        lock (_lock)
        {
            _hasEnded = true;
        }
    }
}
