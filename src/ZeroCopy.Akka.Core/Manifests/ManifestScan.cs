using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text.Json;
using ZeroCopy.Blocks;
using ZeroCopy.Errors;

namespace ZeroCopy.Manifests;

/// <summary>Finds a manifest's blocks without building the manifest.</summary>
internal static class ManifestScan
{
    private const int RecipeDepth = 2;
    private const int TensorDepth = 3;

    // Up to so many blocks looking through them is cheaper than a set, which would be garbage for every model of a store that is opened.
    private const int SearchedBlocks = 32;

    // Compiled at once: it runs for every model when a store is opened, before any other tier of the compiler would.
    /// <summary>The distinct blocks, a skeleton included, and the number of tensors.</summary>
    /// <exception cref="InvalidModelException">No JSON, or a block's id is none.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (ImmutableArray<BlockId> Blocks, int Tensors) Blocks(ReadOnlySpan<byte> json)
    {
        var blocks = ImmutableArray.CreateBuilder<BlockId>(1 + json.Count("\"block\""u8));
        HashSet<BlockId>? seen = null;
        var tensors = 0;
        try
        {
            var reader = new Utf8JsonReader(json);
            while (reader.Read())
            {
                if (reader.TokenType != JsonTokenType.PropertyName)
                {
                    continue;
                }

                var isTensor = reader.CurrentDepth == TensorDepth && reader.ValueTextEquals("block"u8);
                var isSkeleton = reader.CurrentDepth == RecipeDepth && reader.ValueTextEquals("skeleton"u8);
                if (!isTensor && !isSkeleton)
                {
                    continue;
                }

                reader.Read();
                if (reader.TokenType != JsonTokenType.String || !BlockId.TryParse(ref reader, out var block))
                {
                    throw new InvalidModelException("Not a manifest: a block's id is no hash.");
                }

                tensors += isTensor ? 1 : 0;
                if (blocks.Count < SearchedBlocks ? !blocks.Contains(block) : (seen ??= NewSet(blocks)).Add(block))
                {
                    blocks.Add(block);
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new InvalidModelException($"Not a manifest: {e.Message}", e);
        }

        return (blocks.DrainToImmutable(), tensors);
    }

    private static HashSet<BlockId> NewSet(ImmutableArray<BlockId>.Builder blocks)
    {
        var set = new HashSet<BlockId>(blocks.Capacity);
        set.UnionWith(blocks);
        return set;
    }
}
