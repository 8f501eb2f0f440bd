using System.Collections.Immutable;
using ZeroCopy.Blocks;
using ZeroCopy.Tensors;

namespace ZeroCopy.Manifests;

/// <summary>One tensor of a model: which block holds its bytes and how to read them.</summary>
/// <param name="Name">Name in the module, with dots between levels, such as <c>encoder.layers.0.weight</c>.</param>
/// <param name="Role">What the tensor is to its module.</param>
/// <param name="Layout">Element type, shape and strides.</param>
/// <param name="Block">The block that holds the bytes.</param>
/// <param name="Aliases">Further names of the very same tensor: tied weights, in ordinal order.</param>
public sealed record TensorEntry(string Name, TensorRole Role, TensorLayout Layout, BlockId Block, ImmutableArray<string> Aliases)
{
    /// <summary>
    /// Null where the block is the tensor, in memory order. Else the tensor is a view of a larger block, and this is the place of its first
    /// element in it, in bytes: of the storage that it shares with others or was cut from, or of its script's skeleton, from where the
    /// program itself reads it.
    /// </summary>
    public long? Offset { get; init; }
}
