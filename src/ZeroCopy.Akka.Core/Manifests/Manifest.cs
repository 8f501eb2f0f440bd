using System.Collections.Immutable;
using ZeroCopy.Blocks;
using ZeroCopy.Tensors;

namespace ZeroCopy.Manifests;

/// <summary>
/// A model as the store knows it: its tensors by block, and the recipe of the module around them. Immutable; the canonical JSON
/// (<see cref="ToCanonicalJson"/>) is the same bytes for the same content on every host, and its SHA-256 is the <see cref="Id"/>.
/// </summary>
public sealed class Manifest
{
    private readonly byte[] _canonicalJson;

    /// <summary>Creates a manifest.</summary>
    /// <exception cref="ArgumentException">
    /// Two tensors or aliases share a name, a block has two sizes, or a tensor is neither its block nor a part of one, which for a script's
    /// tensors is the skeleton.
    /// </exception>
    public Manifest(Recipe recipe, IEnumerable<TensorEntry> tensors, IEnumerable<KeyValuePair<string, string>>? metadata = null)
        : this(recipe, tensors, metadata, null)
    {
    }

    internal Manifest(
        Recipe recipe, IEnumerable<TensorEntry> tensors, IEnumerable<KeyValuePair<string, string>>? metadata, byte[]? canonicalJson)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(tensors);
        Recipe = recipe;
        Tensors = [.. tensors.Select(Normalise)];
        Metadata = (metadata ?? []).ToImmutableSortedDictionary(StringComparer.Ordinal);
        RequireDistinctNames();
        RequirePlaces();
        Blocks = DistinctBlocks();
        _canonicalJson = canonicalJson ?? ManifestJson.Write(this);
        Id = ModelId.Of(_canonicalJson);
    }

    /// <summary>SHA-256 of the canonical JSON.</summary>
    public ModelId Id { get; }

    /// <summary>How to get the module.</summary>
    public Recipe Recipe { get; }

    /// <summary>The tensors in the order of the module.</summary>
    public ImmutableArray<TensorEntry> Tensors { get; }

    /// <summary>Free text kept with the model, such as the metadata of a safetensors file.</summary>
    public ImmutableSortedDictionary<string, string> Metadata { get; }

    /// <summary>Every distinct block of the model, the script skeleton included.</summary>
    public ImmutableArray<BlockId> Blocks { get; }

    /// <summary>UTF-8 JSON without white space, members in a fixed order.</summary>
    public ReadOnlySpan<byte> ToCanonicalJson() => _canonicalJson;

    /// <summary>Whether another manifest differs in nothing but the prototype that a process copies its instances from.</summary>
    internal bool IsTwinOf(Manifest other) => WithoutPrototype() is { } own && own == other.WithoutPrototype();

    private ModelId? WithoutPrototype() =>
        Recipe is Recipe.Weights { Prototype.Length: > 0 } weights
            ? new Manifest(weights with { Prototype = "" }, Tensors, Metadata).Id : null;

    /// <summary>Reads a manifest.</summary>
    /// <exception cref="ZeroCopy.Errors.InvalidModelException">Not a manifest of ours; the message says what is wrong where.</exception>
    public static Manifest Parse(ReadOnlySpan<byte> json) => ManifestJson.Read(json.ToArray(), null);

    /// <summary>
    /// As <see cref="Parse"/>, for bytes whose hash is known to be the id that a store wrote them under: they are canonical.
    /// </summary>
    internal static Manifest ParseCanonical(byte[] json) => ManifestJson.Read(json, json);

    // The stride of a dimension of size one says nothing: equal tensors get equal manifests.
    private static TensorEntry Normalise(TensorEntry tensor)
    {
        var aliases = tensor.Aliases.IsDefault ? [] : tensor.Aliases.Sort(StringComparer.Ordinal);
        var layout = tensor.Layout.IsContiguous ? new TensorLayout(tensor.Layout.DType, tensor.Layout.Shape.AsSpan()) : tensor.Layout;
        return tensor with { Aliases = aliases, Layout = layout };
    }

    private void RequireDistinctNames()
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var tensor in Tensors)
        {
            foreach (var name in tensor.Aliases.Prepend(tensor.Name))
            {
                if (!names.Add(name))
                {
                    throw new ArgumentException($"Two tensors share the name '{name}'.");
                }
            }
        }
    }

    private void RequirePlaces()
    {
        var skeleton = (Recipe as Recipe.Script)?.Skeleton;
        foreach (var tensor in Tensors)
        {
            if (tensor.Offset is null ? !tensor.Layout.IsDense : tensor.Offset < 0 || (skeleton is not null && tensor.Block != skeleton))
            {
                throw new ArgumentException(
                    $"Tensor '{tensor.Name}' of {tensor.Layout} at {tensor.Offset} is neither its block nor a part of "
                    + $"{(skeleton is null ? "one" : "the script's skeleton")}.");
            }
        }
    }

    private ImmutableArray<BlockId> DistinctBlocks()
    {
        var sizes = new Dictionary<BlockId, long>();
        var blocks = ImmutableArray.CreateBuilder<BlockId>(Tensors.Length + 1);
        foreach (var tensor in Tensors.Where(tensor => tensor.Offset is null))
        {
            if (sizes.TryAdd(tensor.Block, tensor.Layout.ByteLength))
            {
                blocks.Add(tensor.Block);
            }
            else if (sizes[tensor.Block] != tensor.Layout.ByteLength)
            {
                throw new ArgumentException(
                    $"Tensor '{tensor.Name}' has {tensor.Layout.ByteLength} bytes; another tensor with the same block has "
                    + $"{sizes[tensor.Block]}.");
            }
        }

        // Of these the manifest does not say the size.
        var larger = Tensors.Where(tensor => tensor.Offset is not null).Select(tensor => tensor.Block);
        foreach (var block in Recipe is Recipe.Script script ? larger.Append(script.Skeleton) : larger)
        {
            if (sizes.TryAdd(block, 0))
            {
                blocks.Add(block);
            }
        }

        return blocks.DrainToImmutable();
    }
}
