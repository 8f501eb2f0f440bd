using System.Collections.Immutable;
using System.Text.Json;
using ZeroCopy.Client.Tensors;

namespace ZeroCopy.Client.Http;

/// <summary>A value in the JSON of an answer with its place, so that what is wrong with it can be said.</summary>
/// <param name="Value">The value.</param>
/// <param name="Place">Where it stands, for messages.</param>
internal readonly record struct AnswerField(JsonElement Value, AnswerPlace Place)
{
    /// <summary>A field of it.</summary>
    /// <exception cref="InferenceServerException">It has none, or is no object.</exception>
    public AnswerField Field(string name) => Optional(name) ?? throw InferenceServerException.NotProtocol($"{Place} has no {name}");

    /// <summary>A field of it; null where it has none, or null stands there.</summary>
    /// <exception cref="InferenceServerException">It is no object, or has a name that is no text.</exception>
    public AnswerField? Optional(string name)
    {
        Require(JsonValueKind.Object);
        try
        {
            return Value.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null
                ? new AnswerField(value, new AnswerPlace(Place, name))
                : null;
        }
        catch (InvalidOperationException e)
        {
            throw NoUnicode(e);
        }
    }

    /// <summary>A text, whose names lead to it; null where there is none, whatever stands there.</summary>
    /// <exception cref="InferenceServerException">A text is none.</exception>
    public string? TextAt(params ReadOnlySpan<string> names)
    {
        var found = (AnswerField?)this;
        foreach (var name in names)
        {
            found = found is { Value.ValueKind: JsonValueKind.Object } parent ? parent.Optional(name) : null;
        }

        return found is { Value.ValueKind: JsonValueKind.String } text ? text.Text() : null;
    }

    /// <summary>The parts of a field that is an array.</summary>
    public IEnumerable<AnswerField> Items(string name) => Field(name).Items();

    /// <summary>Its parts.</summary>
    /// <exception cref="InferenceServerException">It is no array.</exception>
    public IEnumerable<AnswerField> Items()
    {
        Require(JsonValueKind.Array);
        var place = Place;
        return Value.EnumerateArray().Select((value, index) => new AnswerField(value, new AnswerPlace(place, null, index)));
    }

    /// <summary>A field that is a text.</summary>
    public string Text(string name) => Field(name).Text();

    /// <summary>A field that is a text, or a number where a server writes one so; null where it has none.</summary>
    public string? OptionalText(string name) => Optional(name) is not { } field ? null
        : field.Value.ValueKind == JsonValueKind.Number ? field.Value.GetRawText() : field.Text();

    /// <summary>Itself as a text.</summary>
    /// <exception cref="InferenceServerException">It is none.</exception>
    public string Text()
    {
        Require(JsonValueKind.String);
        try
        {
            return Value.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw NoUnicode(e);
        }
    }

    /// <summary>Itself as a whole number from 0 on.</summary>
    /// <exception cref="InferenceServerException">It is none.</exception>
    public long Whole() => Value.ValueKind == JsonValueKind.Number && Value.TryGetInt64(out var number) && number >= 0
        ? number
        : throw InferenceServerException.NotProtocol($"{Place} is {Shown(Value)}, but must be a whole number from 0 on");

    /// <summary>A field that is an array of sizes, -1 where any is taken.</summary>
    public ImmutableArray<long> Sizes(string name)
    {
        var field = Field(name);
        field.Require(JsonValueKind.Array);
        var sizes = ImmutableArray.CreateBuilder<long>(field.Value.GetArrayLength());
        foreach (var size in field.Value.EnumerateArray())
        {
            sizes.Add(size.ValueKind == JsonValueKind.Number && size.TryGetInt64(out var number) ? number
                : throw InferenceServerException.NotProtocol(
                    $"{new AnswerPlace(field.Place, null, sizes.Count)} is {Shown(size)}, but must be a whole number"));
        }

        return sizes.MoveToImmutable();
    }

    /// <summary>A field that names an element type.</summary>
    public Datatype Datatype(string name) => DatatypeExtensions.TryParse(Text(name), out var datatype)
        ? datatype
        : throw InferenceServerException.NotProtocol($"{name} of {Place} is '{Text(name)}', which is no element type");

    // JSON says this of an escaped half of a character alone, when the text is read.
    private static InferenceServerException NoUnicode(InvalidOperationException cause) =>
        InferenceServerException.NotProtocol("it has a text that is not valid Unicode", cause);

    private void Require(JsonValueKind kind)
    {
        if (Value.ValueKind != kind)
        {
            throw InferenceServerException.NotProtocol($"{Place} is {Shown(Value)}, but must be {kind switch
            {
                JsonValueKind.Object => "an object",
                JsonValueKind.Array => "an array",
                _ => "a text",
            }}");
        }
    }

    private static string Shown(JsonElement value) => value.ValueKind is JsonValueKind.Object ? "an object"
        : value.ValueKind is JsonValueKind.Array ? "an array" : value.GetRawText();
}
