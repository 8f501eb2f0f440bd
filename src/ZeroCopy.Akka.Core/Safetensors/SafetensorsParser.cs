using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Unicode;
using ZeroCopy.Errors;
using ZeroCopy.Tensors;

namespace ZeroCopy.Safetensors;

/// <summary>Reads the JSON of a safetensors header and proves that the tensors tile the data exactly.</summary>
internal static class SafetensorsParser
{
    public const string MetadataKey = "__metadata__";
    private const int MaxDepth = 8;

    // libtorch's own limit.
    private const int MaxRank = 64;

    private static readonly string KnownTypes =
        string.Join(", ", Enum.GetValues<DType>().Where(dtype => dtype != DType.Complex128).Select(dtype => dtype.ToToken()));

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };

    public static SafetensorsHeader Parse(ReadOnlyMemory<byte> header, long fileLength, string file)
    {
        if (header.Span[0] != '{')
        {
            throw Invalid(file, $"its header does not begin with '{{'; it is no safetensors file.");
        }

        if (!Utf8.IsValid(header.Span))
        {
            throw Invalid(file, $"its header is not UTF-8.");
        }

        try
        {
            using var document = JsonDocument.Parse(header, Strict);
            var dataOffset = SafetensorsHeader.PrefixBytes + header.Length;
            var metadata = ImmutableSortedDictionary<string, string>.Empty.WithComparers(StringComparer.Ordinal);
            var places = new List<(SafetensorsTensor Tensor, long Begin, long End)>();
            foreach (var member in document.RootElement.EnumerateObject())
            {
                if (member.NameEquals(MetadataKey))
                {
                    metadata = ReadMetadata(member.Value, file);
                }
                else
                {
                    places.Add(ReadTensor(member, dataOffset, file));
                }
            }

            RequireTiling(places, fileLength - dataOffset, file);
            return new SafetensorsHeader([.. places.Select(place => place.Tensor)], metadata, dataOffset, fileLength);
        }
        catch (JsonException e)
        {
            throw Invalid(file, $"its header is no valid JSON: {e.Message}", e);
        }
        catch (InvalidOperationException e)
        {
            // A text with an escaped half of a surrogate pair.
            throw Invalid(file, $"its header holds a text that is no valid Unicode.", e);
        }
    }

    /// <summary>What a file that breaks the format's rules is refused with.</summary>
    public static InvalidModelException Invalid(string file, string reason, Exception? inner = null) =>
        new($"{file}: {reason} Save or copy the file again.", inner);

    private static ImmutableSortedDictionary<string, string> ReadMetadata(JsonElement json, string file)
    {
        // Writers that have none say so in two ways.
        if (json.ValueKind == JsonValueKind.Null)
        {
            return ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);
        }

        if (json.ValueKind != JsonValueKind.Object || json.EnumerateObject().Any(member => member.Value.ValueKind != JsonValueKind.String))
        {
            throw Invalid(file, $"'{MetadataKey}' is no object of texts.");
        }

        return json.EnumerateObject()
            .ToImmutableSortedDictionary(member => member.Name, member => member.Value.GetString()!, StringComparer.Ordinal);
    }

    private static (SafetensorsTensor Tensor, long Begin, long End) ReadTensor(JsonProperty member, long dataOffset, string file)
    {
        var name = member.Name;
        RequireTensorName(name, file);
        var json = member.Value;
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw Invalid(file, $"tensor '{name}' is described by no object.");
        }

        foreach (var field in json.EnumerateObject())
        {
            if (!field.NameEquals("dtype") && !field.NameEquals("shape") && !field.NameEquals("data_offsets"))
            {
                throw Invalid(file, $"tensor '{name}' has the unknown field '{field.Name}'.");
            }
        }

        var token = Field(json, "dtype", JsonValueKind.String, name, file).GetString();
        if (!DTypeExtensions.TryParseToken(token, out var dtype) || dtype == DType.Complex128)
        {
            throw new InvalidModelException(
                $"{file}: tensor '{name}' has the element type '{token}', which is unknown or not supported; "
                + $"convert it to one of {KnownTypes}.");
        }

        var shape = Numbers(Field(json, "shape", JsonValueKind.Array, name, file), "shape", name, file);
        var offsets = Numbers(Field(json, "data_offsets", JsonValueKind.Array, name, file), "data_offsets", name, file);
        if (offsets.Length != 2 || offsets[0] > offsets[1])
        {
            throw Invalid(file, $"tensor '{name}' has the data_offsets [{string.Join(", ", offsets)}], no [begin, end].");
        }

        var layout = Layout(dtype, shape, name, file);
        if (layout.ByteLength != offsets[1] - offsets[0])
        {
            throw Invalid(
                file, $"tensor '{name}' of {layout} needs {layout.ByteLength} bytes; its data_offsets give {offsets[1] - offsets[0]}.");
        }

        return (new SafetensorsTensor(name, layout, dataOffset + offsets[0]), offsets[0], offsets[1]);
    }

    private static void RequireTiling(List<(SafetensorsTensor Tensor, long Begin, long End)> places, long dataLength, string file)
    {
        places.Sort((a, b) => a.Begin != b.Begin ? a.Begin.CompareTo(b.Begin) : a.End.CompareTo(b.End));
        var end = 0L;
        foreach (var place in places)
        {
            if (place.Begin != end)
            {
                throw Invalid(file, $"tensor '{place.Tensor.Name}' begins at {place.Begin} where the bytes before it end at {end}: "
                    + (place.Begin < end ? "tensors overlap." : "a hole."));
            }

            end = place.End;
            if (end > dataLength)
            {
                throw Invalid(
                    file, $"tensor '{place.Tensor.Name}' ends at {end}, beyond the {dataLength} bytes of data; the file is truncated.");
            }
        }

        if (end != dataLength)
        {
            throw Invalid(file, $"{dataLength - end} bytes follow the last tensor.");
        }
    }

    /// <summary>
    /// Whether a text can name a tensor. Names become names of module members and of tensors in other files: one that climbs out of a
    /// folder or hides behind a control character is an attack on whoever prints or stores it. Graphs have names such as <c>/model/x</c>.
    /// </summary>
    public static bool IsTensorName(string name) =>
        name.Length > 0 && !name.Any(char.IsControl) && !name.Split('/', '\\').Any(part => part is "." or "..");

    private static void RequireTensorName(string name, string file)
    {
        if (!IsTensorName(name))
        {
            var shown = string.Concat(name.Select(c => char.IsControl(c) ? $"\\u{(int)c:x4}" : c.ToString()));
            throw Invalid(file, $"'{shown}' is no tensor name: empty, a path that climbs, or with a control character.");
        }
    }

    private static JsonElement Field(JsonElement json, string field, JsonValueKind kind, string name, string file) =>
        json.TryGetProperty(field, out var value) && value.ValueKind == kind
            ? value
            : throw Invalid(file, $"tensor '{name}' has no field '{field}' of the kind {kind}.");

    private static long[] Numbers(JsonElement json, string field, string name, string file)
    {
        var numbers = new long[json.GetArrayLength()];
        var i = 0;
        foreach (var element in json.EnumerateArray())
        {
            if (element.ValueKind != JsonValueKind.Number || !element.TryGetInt64(out numbers[i]) || numbers[i] < 0)
            {
                throw Invalid(file, $"'{field}' of tensor '{name}' holds {element.GetRawText()}, no whole number from 0 to 2^63-1.");
            }

            i++;
        }

        return numbers;
    }

    private static TensorLayout Layout(DType dtype, long[] shape, string name, string file)
    {
        if (shape.Length > MaxRank)
        {
            throw Invalid(file, $"tensor '{name}' has {shape.Length} dimensions; a tensor has at most {MaxRank}.");
        }

        try
        {
            return new TensorLayout(dtype, shape);
        }
        catch (OverflowException e)
        {
            throw Invalid(file, $"the size of tensor '{name}' of shape [{string.Join(", ", shape)}] overflows 63 bits.", e);
        }
        catch (ArgumentException e)
        {
            throw Invalid(
                file, $"tensor '{name}' of shape [{string.Join(", ", shape)}] and type {dtype.ToToken()} fills no whole bytes.", e);
        }
    }
}
