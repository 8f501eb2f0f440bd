using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;

namespace ZeroCopy.Serving.Protocol;

/// <summary>
/// Reads JSON forwards, value by value, each of the kind that its field has; anything else throws with the field's place. A copy of it
/// reads the same text again.
/// </summary>
internal ref struct JsonCursor(in ReadOnlySequence<byte> json, int maxDepth)
{
    /// <summary>What a number of things is, for messages.</summary>
    public const string CountExpected = "a whole number from 0 to 9223372036854775807";

    /// <summary>Most fields of an object: each name is kept, to find one that stands twice.</summary>
    private const int MaxFields = 65_536;

    /// <summary>Names that most requests have: such a one is no further string.</summary>
    private static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> KnownNames = new HashSet<string>
    {
        "id", "inputs", "outputs", "parameters", "name", "datatype", "shape", "data", "binary_data_size", "binary_data",
        "binary_data_output", "timeout", "priority", "sequence_id", RegionUse.RegionParameter, "shared_memory_byte_size",
        "shared_memory_offset",
    }.GetAlternateLookup<ReadOnlySpan<char>>();

    private Utf8JsonReader _reader = new(json, new JsonReaderOptions { MaxDepth = maxDepth });

    /// <summary>Kind of the value that was read last.</summary>
    public readonly JsonTokenType Kind => _reader.TokenType;

    /// <summary>Bytes that were read.</summary>
    public readonly long Position => _reader.BytesConsumed;

    /// <summary>The value that was read last, for what reads elements.</summary>
    [UnscopedRef]
    public readonly ref readonly Utf8JsonReader Value => ref _reader;

    /// <summary>Reads the next token. A text that ends too early throws.</summary>
    public void Next() => _reader.Read();

    /// <summary>Reads to the end, where only white space may follow.</summary>
    public void End() => _reader.Read();

    /// <summary>Skips the value that was read last, whatever it is.</summary>
    public void Skip() => _reader.Skip();

    /// <summary>The value that was read last is the start of an object.</summary>
    public readonly void RequireObject(FieldPlace place) => Require(JsonTokenType.StartObject, place, "an object");

    /// <summary>The value that was read last is the start of an array.</summary>
    public readonly void RequireArray(FieldPlace place) => Require(JsonTokenType.StartArray, place, "an array");

    /// <summary>The name of the object's next field, whose value is read then; null at the object's end.</summary>
    public string? Field(HashSet<string> seen, FieldPlace place)
    {
        Next();
        if (Kind == JsonTokenType.EndObject)
        {
            return null;
        }

        var name = FieldName(place);
        if (seen.Count == MaxFields)
        {
            throw new RequestException($"{place} has more than {MaxFields} fields.");
        }

        if (!seen.Add(name))
        {
            throw new RequestException($"{place.At(Cut(name))} stands twice.");
        }

        Next();
        return name;
    }

    /// <summary>The next element of the array is read; false at its end.</summary>
    public bool Element()
    {
        Next();
        return Kind != JsonTokenType.EndArray;
    }

    public readonly string Text(FieldPlace place)
    {
        Require(JsonTokenType.String, place, "a string");
        return String(place);
    }

    /// <summary>A string that is not empty.</summary>
    public readonly string Name(FieldPlace place) =>
        Text(place) is { Length: > 0 } name ? name : throw new RequestException($"{place} is empty.");

    public readonly bool Boolean(FieldPlace place) => Kind is JsonTokenType.True or JsonTokenType.False
        ? Kind == JsonTokenType.True
        : throw Wrong(place, "true or false");

    /// <summary>A whole number that is not negative.</summary>
    public readonly long Count(FieldPlace place) => Kind == JsonTokenType.Number && _reader.TryGetInt64(out var value) && value >= 0
        ? value
        : throw Wrong(place, CountExpected);

    /// <summary>What a parameter may be: a string, a number, true or false.</summary>
    public readonly ParameterValue Parameter(FieldPlace place) => Kind switch
    {
        JsonTokenType.String => ParameterValue.Of(String(place)),
        JsonTokenType.True or JsonTokenType.False => ParameterValue.Of(Kind == JsonTokenType.True),
        JsonTokenType.Number when _reader.TryGetInt64(out var number) => ParameterValue.Of(number),
        JsonTokenType.Number when _reader.TryGetUInt64(out var number) => ParameterValue.Of(number),
        JsonTokenType.Number => ParameterValue.OfNumber(Shown()),
        _ => throw Wrong(place, "a string, a number, true or false"),
    };

    public readonly RequestException Wrong(FieldPlace place, string expected) => new($"{place} is {Shown()} but must be {expected}.");

    /// <summary>The value that was read last, as a message shows it.</summary>
    public readonly string Shown() => Kind switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.EndObject or JsonTokenType.EndArray => "missing",
        JsonTokenType.String => "a string",
        _ => Cut(Raw()),
    };

    public static RequestException Missing(FieldPlace place, string field) => new($"{place} has no {field}.");

    private static string Cut(string text) => text.Length <= 64 ? text : $"{text[..64]}…";

    private readonly string Raw() =>
        Encoding.UTF8.GetString(_reader.HasValueSequence ? _reader.ValueSequence.ToArray() : _reader.ValueSpan);

    private readonly string String(FieldPlace place)
    {
        try
        {
            return _reader.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw new RequestException($"{place} holds a string that is not valid Unicode.", e);
        }
    }

    private readonly string FieldName(FieldPlace place)
    {
        const int LongestKnown = 32;
        Span<char> text = stackalloc char[LongestKnown];
        // Known names are ASCII: what is not matches none, however it is decoded.
        return _reader is { HasValueSequence: false, ValueIsEscaped: false, ValueSpan.Length: <= LongestKnown }
            && KnownNames.TryGetValue(text[..Encoding.Latin1.GetChars(_reader.ValueSpan, text)], out var known)
                ? known : String(place);
    }

    private readonly void Require(JsonTokenType kind, FieldPlace place, string expected)
    {
        if (Kind != kind)
        {
            throw Wrong(place, expected);
        }
    }
}
