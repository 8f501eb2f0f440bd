using System.Collections.Immutable;
using ZeroCopy.Blocks;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;

namespace ZeroCopy.Store.Receiving;

/// <summary>A model that another store holds: its manifest, and how long its blocks are. Immutable.</summary>
public sealed class ModelOffer
{
    private readonly ImmutableDictionary<BlockId, long> _lengths;

    /// <summary>An offer, checked: what a peer says is not believed.</summary>
    /// <param name="manifest">The model's manifest.</param>
    /// <param name="lengths">Bytes of each of its blocks.</param>
    /// <exception cref="InvalidModelException">A block has no length, or one that does not fit its tensors; or there are
    /// others.</exception>
    public ModelOffer(Manifest manifest, ImmutableDictionary<BlockId, long> lengths)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        ArgumentNullException.ThrowIfNull(lengths);
        Manifest = manifest;
        _lengths = lengths;
        if (lengths.Count != manifest.Blocks.Length || !manifest.Blocks.All(lengths.ContainsKey))
        {
            throw new InvalidModelException(
                $"The offer of model {manifest.Id} has {lengths.Count} blocks, not the {manifest.Blocks.Length} of its manifest.");
        }

        foreach (var (block, length) in lengths)
        {
            if (length < 0)
            {
                throw new InvalidModelException($"Block {block} of model {manifest.Id} is offered with {length} bytes.");
            }
        }

        // A tensor inside the script's own block is a part of it.
        foreach (var tensor in manifest.Tensors.Where(tensor => tensor.Offset is null && tensor.Layout.ByteLength != lengths[tensor.Block]))
        {
            throw new InvalidModelException(
                $"'{tensor.Name}' of model {manifest.Id} is {tensor.Layout}, and its block is offered with {lengths[tensor.Block]} bytes.");
        }

        try
        {
            Bytes = lengths.Values.Aggregate(0L, (sum, length) => checked(sum + length));
        }
        catch (OverflowException e)
        {
            throw new InvalidModelException($"The blocks of model {manifest.Id} are offered with more bytes than there can be.", e);
        }
    }

    /// <summary>The model's manifest.</summary>
    public Manifest Manifest { get; }

    /// <summary>Bytes of all its blocks.</summary>
    public long Bytes { get; }

    /// <summary>Bytes of a block.</summary>
    /// <exception cref="KeyNotFoundException">The block does not belong to the model.</exception>
    public long LengthOf(BlockId block) => _lengths[block];
}
