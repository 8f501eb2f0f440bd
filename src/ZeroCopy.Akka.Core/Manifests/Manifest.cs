using System.Collections.Immutable;
using ZeroCopy.Blocks;

namespace ZeroCopy.Manifests;

/// <summary>
/// A model as the store knows it: its tensors by block, and the recipe of the module around them. Immutable; the canonical JSON
/// (<see cref="ToCanonicalJson"/>) is the same bytes for the same content on every host, and its SHA-256 is the <see cref="Id"/>.
/// </summary>
public sealed class Manifest
{
    /// <summary>Creates a manifest.</summary>
    /// <exception cref="ArgumentException">Two tensors or aliases share a name.</exception>
    public Manifest(Recipe recipe, IEnumerable<TensorEntry> tensors, IEnumerable<KeyValuePair<string, string>>? metadata = null) =>
        throw new NotImplementedException();

    /// <summary>SHA-256 of the canonical JSON.</summary>
    public ModelId Id => throw new NotImplementedException();

    /// <summary>How to get the module.</summary>
    public Recipe Recipe => throw new NotImplementedException();

    /// <summary>The tensors in the order of the module.</summary>
    public ImmutableArray<TensorEntry> Tensors => throw new NotImplementedException();

    /// <summary>Free text kept with the model, such as the metadata of a safetensors file.</summary>
    public ImmutableSortedDictionary<string, string> Metadata => throw new NotImplementedException();

    /// <summary>Every distinct block of the model, the script skeleton included.</summary>
    public ImmutableArray<BlockId> Blocks => throw new NotImplementedException();

    /// <summary>UTF-8 JSON without white space, members in a fixed order.</summary>
    public ReadOnlySpan<byte> ToCanonicalJson() => throw new NotImplementedException();

    /// <summary>Reads a manifest.</summary>
    /// <exception cref="ZeroCopy.Errors.InvalidModelException">Not a manifest of ours; the message says what is wrong where.</exception>
    public static Manifest Parse(ReadOnlySpan<byte> json) => throw new NotImplementedException();
}
