using System.Collections.Immutable;
using ZeroCopy.Manifests;

namespace ZeroCopy.Content;

/// <summary>Everything that a put writes: the tensors, and the recipe of the module around them.</summary>
public sealed record ModelContent
{
    /// <summary>The tensors, in the order of the module.</summary>
    public required IReadOnlyList<TensorSource> Tensors { get; init; }

    /// <summary>
    /// How to get the module. For TorchScript give <see cref="ScriptSkeleton"/> instead: its recipe needs the block's id.
    /// </summary>
    public Recipe? Recipe { get; init; }

    /// <summary>
    /// The TorchScript archive without weights as a tensor of bytes, stored as a block of its own; null where the model is no script.
    /// </summary>
    public TensorSource? ScriptSkeleton { get; init; }

    /// <summary>
    /// Tensors that stay in <see cref="ScriptSkeleton"/>, each at its <see cref="TensorEntry.Offset"/>; the block of an entry is not read.
    /// They are listed and exported, and the program has them without being given them.
    /// </summary>
    public ImmutableArray<TensorEntry> SkeletonTensors { get; init; } = [];

    /// <summary>Free text kept with the model.</summary>
    public ImmutableSortedDictionary<string, string> Metadata { get; init; } = ImmutableSortedDictionary<string, string>.Empty;
}
