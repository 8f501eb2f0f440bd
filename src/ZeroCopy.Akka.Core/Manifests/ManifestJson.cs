using System.Buffers;
using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using ZeroCopy.Blocks;
using ZeroCopy.Errors;
using ZeroCopy.Tensors;

namespace ZeroCopy.Manifests;

/// <summary>
/// The canonical JSON of manifests. Members are written in one order and defaults are left out, so that equal content gives equal bytes;
/// a reader accepts nothing that it would not write, except for white space and escapes.
/// </summary>
internal static class ManifestJson
{
    private const int Version = 1;
    private const int MaxDepth = 8;
    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };

    public static byte[] Write(Manifest manifest)
    {
        var buffer = new ArrayBufferWriter<byte>(256 + (192 * manifest.Tensors.Length));
        using (var json = new Utf8JsonWriter(buffer, Compact))
        {
            json.WriteStartObject();
            json.WriteNumber("version", Version);
            WriteRecipe(json, manifest.Recipe);
            json.WriteStartArray("tensors");
            foreach (var tensor in manifest.Tensors)
            {
                WriteTensor(json, tensor);
            }

            json.WriteEndArray();
            if (!manifest.Metadata.IsEmpty)
            {
                json.WriteStartObject("metadata");
                foreach (var (key, value) in manifest.Metadata)
                {
                    json.WriteString(key, value);
                }

                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads a manifest; <paramref name="canonical"/> is its canonical form where that is known.</summary>
    public static Manifest Read(byte[] utf8, byte[]? canonical)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8, Strict);
            var root = document.RootElement;
            RequireMembers(root, "the manifest", "version", "recipe", "tensors", "metadata");
            var version = root.GetProperty("version").GetInt32();
            if (version != Version)
            {
                throw new InvalidModelException($"Manifest of version {version}; this build reads version {Version}.");
            }

            var metadata = root.TryGetProperty("metadata", out var texts)
                ? texts.EnumerateObject().Select(member => KeyValuePair.Create(member.Name, Text(member.Value)))
                : [];
            return new Manifest(
                ReadRecipe(root.GetProperty("recipe")),
                root.GetProperty("tensors").EnumerateArray().Select(ReadTensor).ToArray(),
                metadata,
                canonical);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException
            or ArgumentException or OverflowException or NotSupportedException)
        {
            throw new InvalidModelException($"Not a manifest: {e.Message}", e);
        }
    }

    private static void WriteRecipe(Utf8JsonWriter json, Recipe recipe)
    {
        json.WriteStartObject("recipe");
        switch (recipe)
        {
            case Recipe.Script script:
                json.WriteString("kind", "script");
                json.WriteString("skeleton", script.Skeleton.ToString());
                break;
            case Recipe.Catalog catalog:
                json.WriteString("kind", "catalog");
                json.WriteString("key", catalog.Key);
                json.WriteString("configuration", catalog.Configuration);
                break;
            case Recipe.Weights weights:
                json.WriteString("kind", "weights");
                json.WriteString("type", weights.TypeName);
                json.WriteString("prototype", weights.Prototype);
                break;
            default:
                throw new ArgumentException($"Recipe {recipe.GetType().Name} has no manifest form.", nameof(recipe));
        }

        json.WriteEndObject();
    }

    private static Recipe ReadRecipe(JsonElement json)
    {
        switch (Text(json.GetProperty("kind")))
        {
            case "script":
                RequireMembers(json, "the recipe", "kind", "skeleton");
                return new Recipe.Script(BlockId.Parse(Text(json.GetProperty("skeleton"))));
            case "catalog":
                RequireMembers(json, "the recipe", "kind", "key", "configuration");
                return new Recipe.Catalog(Text(json.GetProperty("key")), Text(json.GetProperty("configuration")));
            case "weights":
                RequireMembers(json, "the recipe", "kind", "type", "prototype");
                return new Recipe.Weights(Text(json.GetProperty("type")), Text(json.GetProperty("prototype")));
            case var kind:
                throw new InvalidModelException($"Unknown recipe kind '{kind}'.");
        }
    }

    private static void WriteTensor(Utf8JsonWriter json, TensorEntry tensor)
    {
        json.WriteStartObject();
        json.WriteString("name", tensor.Name);
        json.WriteString("role", RoleToken(tensor.Role));
        json.WriteString("dtype", tensor.Layout.DType.ToToken());
        WriteNumbers(json, "shape", tensor.Layout.Shape);
        if (!tensor.Layout.IsContiguous)
        {
            WriteNumbers(json, "strides", tensor.Layout.Strides);
        }

        json.WriteString("block", tensor.Block.ToString());
        if (tensor.Offset is { } offset)
        {
            json.WriteNumber("offset", offset);
        }

        if (!tensor.Aliases.IsEmpty)
        {
            json.WriteStartArray("aliases");
            foreach (var alias in tensor.Aliases)
            {
                json.WriteStringValue(alias);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static TensorEntry ReadTensor(JsonElement json)
    {
        RequireMembers(json, "a tensor", "name", "role", "dtype", "shape", "strides", "block", "offset", "aliases");
        var name = Text(json.GetProperty("name"));
        var token = Text(json.GetProperty("dtype"));
        if (!DTypeExtensions.TryParseToken(token, out var dtype))
        {
            throw new InvalidModelException($"Tensor '{name}' has the unknown element type '{token}'.");
        }

        var shape = Numbers(json.GetProperty("shape"));
        var offset = json.TryGetProperty("offset", out var place) ? place.GetInt64() : (long?)null;
        var layout = !json.TryGetProperty("strides", out var strides) ? new TensorLayout(dtype, shape)
            : offset is null ? new TensorLayout(dtype, shape, Numbers(strides))
            : TensorLayout.Strided(dtype, shape, Numbers(strides));
        var aliases = json.TryGetProperty("aliases", out var names) ? names.EnumerateArray().Select(Text) : [];
        return new TensorEntry(
            name, ParseRole(Text(json.GetProperty("role"))), layout, BlockId.Parse(Text(json.GetProperty("block"))), [.. aliases])
        {
            Offset = offset,
        };
    }

    private static string RoleToken(TensorRole role) => role switch
    {
        TensorRole.Parameter => "parameter",
        TensorRole.Buffer => "buffer",
        TensorRole.TransientBuffer => "transient-buffer",
        TensorRole.Attribute => "attribute",
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "Not a tensor role."),
    };

    private static TensorRole ParseRole(string token) => token switch
    {
        "parameter" => TensorRole.Parameter,
        "buffer" => TensorRole.Buffer,
        "transient-buffer" => TensorRole.TransientBuffer,
        "attribute" => TensorRole.Attribute,
        _ => throw new InvalidModelException($"Unknown tensor role '{token}'."),
    };

    private static void WriteNumbers(Utf8JsonWriter json, string name, ImmutableArray<long> numbers)
    {
        json.WriteStartArray(name);
        foreach (var number in numbers)
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
    }

    private static long[] Numbers(JsonElement json)
    {
        var numbers = new long[json.GetArrayLength()];
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = json[i].GetInt64();
        }

        return numbers;
    }

    private static string Text(JsonElement json) => json.GetString() ?? throw new InvalidModelException("A text is null.");

    private static void RequireMembers(JsonElement json, string where, params ReadOnlySpan<string> known)
    {
        foreach (var member in json.EnumerateObject())
        {
            // No name is made a text: a store with thousands of models is read at every start.
            var isKnown = false;
            foreach (var name in known)
            {
                isKnown |= member.NameEquals(name);
            }

            if (!isKnown)
            {
                throw new InvalidModelException($"Unknown member '{member.Name}' in {where}.");
            }
        }
    }
}
