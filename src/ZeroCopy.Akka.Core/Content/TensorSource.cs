using System.Collections.Immutable;
using ZeroCopy.Blocks;
using ZeroCopy.Manifests;
using ZeroCopy.Tensors;

namespace ZeroCopy.Content;

/// <summary>
/// One tensor on its way into the store. Reading is thread-safe: a put hashes and copies tensors in parallel.
/// </summary>
public abstract class TensorSource(string name, TensorRole role, TensorLayout layout, ImmutableArray<string> aliases = default)
{
    /// <summary>Name in the module.</summary>
    public string Name { get; } = name;

    /// <summary>What the tensor is to its module.</summary>
    public TensorRole Role { get; } = role;

    /// <summary>Element type, shape and strides; the bytes are read in memory order.</summary>
    public TensorLayout Layout { get; } = layout;

    /// <summary>Further names of the same tensor.</summary>
    public ImmutableArray<string> Aliases { get; } = aliases.IsDefault ? [] : aliases;

    /// <summary>What a manifest says of the block that the bytes become: one tensor, or several that lie in it.</summary>
    public virtual IEnumerable<TensorEntry> Entries(BlockId block) => [new TensorEntry(Name, Role, Layout, block, Aliases)];

    /// <summary>Copies bytes, from <paramref name="offset"/> on, until <paramref name="destination"/> is full.</summary>
    public abstract void Read(long offset, Span<byte> destination);

    /// <summary>
    /// The address of the bytes where they lie in memory that stays valid for the whole put, so that they are hashed and copied without a
    /// buffer between; 0 where they do not.
    /// </summary>
    public virtual nint Address => 0;
}
