using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store.Receiving;

namespace ZeroCopy.Clustering.Transfer;

/// <summary>
/// An offer on its way: the manifest's own bytes, of which its id is the hash, and a length for each of its blocks, in its order.
/// </summary>
internal sealed record OfferDocument([property: JsonRequired] string Manifest, [property: JsonRequired] ImmutableArray<long> Lengths)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static byte[] Write(ModelOffer offer)
    {
        var manifest = offer.Manifest;
        var document = new OfferDocument(Encoding.UTF8.GetString(manifest.ToCanonicalJson()), [.. manifest.Blocks.Select(offer.LengthOf)]);
        return JsonSerializer.SerializeToUtf8Bytes(document, Json);
    }

    /// <exception cref="InvalidModelException">It is no offer, or one of another model.</exception>
    public static ModelOffer Read(ReadOnlySpan<byte> json, ModelId model)
    {
        OfferDocument document;
        try
        {
            document = JsonSerializer.Deserialize<OfferDocument>(json, Json)
                ?? throw new InvalidModelException($"The offer of model {model} is empty.");
        }
        catch (JsonException e)
        {
            throw new InvalidModelException($"The offer of model {model} is not one: {e.Message}", e);
        }

        var manifest = Manifests.Manifest.Parse(Encoding.UTF8.GetBytes(document.Manifest));
        if (manifest.Id != model)
        {
            throw new InvalidModelException($"Model {model} was asked for, and {manifest.Id} was offered.");
        }

        return document.Lengths.Length == manifest.Blocks.Length
            ? new ModelOffer(manifest, manifest.Blocks.Zip(document.Lengths).ToImmutableDictionary(pair => pair.First, pair => pair.Second))
            : throw new InvalidModelException(
                $"The offer of model {model} has {document.Lengths.Length} blocks, not {manifest.Blocks.Length}.");
    }
}
