using System.Globalization;
using System.Numerics;
using System.Text.Json;
using ZeroCopy.Endpoints;
using ZeroCopy.Node.Predict;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Endpoints;
using ZeroCopy.Torch.Script.Syntax;

namespace ZeroCopy.Node.TensorFiles;

/// <summary>
/// A value of a JSON file as an argument of whatever type: a <see cref="JsonTensor"/>; a number, which goes to a <c>float</c> or
/// <c>int</c> unrounded; a complex number as an array of its two parts; true or false; a text, or a device as its text; null for what is
/// optional; an array for a list or tuple; an object for a dictionary. A number may stand in arrays of one element, and be described as a
/// tensor is.
/// </summary>
internal sealed class JsonInput(string path, JsonElement element) : InputValue
{
    /// <summary>The type that a described text has.</summary>
    public const string TextType = "STR";

    /// <summary>Whether an object has the two members that describe a tensor.</summary>
    public static bool IsDescribed(JsonElement element) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty("data", out _) && element.TryGetProperty("dtype", out _);

    public override IEnumerable<NamedTensor> ToInputs(string name, ScriptType? type)
    {
        try
        {
            // What is no part of the argument is refused by the endpoint, whatever it is.
            return [.. ToInputs(name, type ?? ScriptType.Parse(ValueSignature.Tensor), name)];
        }
        catch (InvalidOperationException error)
        {
            throw JsonTensorReader.NotUnicode(path, error);
        }
    }

    private IEnumerable<NamedTensor> ToInputs(string name, ScriptType type, string shown)
    {
        if (type.Name == "Optional" && type.Arguments is [var some])
        {
            return element.ValueKind == JsonValueKind.Null ? [NamedTensor.OfNone(name)] : ToInputs(name, some, shown);
        }

        if (!type.IsData && type.Name != "number")
        {
            throw new InputMismatchException($"'{shown}' is of the type {type}, of which no value can be given here.");
        }

        return type.Name switch
        {
            "Tensor" => [new NamedTensor(name, JsonTensor.Read(path, shown, element))],
            "List" when element.ValueKind == JsonValueKind.Array => Items(name, shown, _ => type.Arguments[0]),
            "Tuple" when element.ValueKind == JsonValueKind.Array && element.GetArrayLength() == type.Arguments.Length =>
                Items(name, shown, index => type.Arguments[index]),
            "Dict" when element.ValueKind == JsonValueKind.Object => Entries(name, type, shown),
            "NoneType" when element.ValueKind == JsonValueKind.Null => [NamedTensor.OfNone(name)],
            "str" or "Device" => [NamedTensor.OfText(name, Text() ?? throw Mismatch(type, shown))],
            "complex" when element.ValueKind == JsonValueKind.Array && element.GetArrayLength() == 2 => [Of(
                name, new Complex(Number(element[0]) ?? throw Mismatch(type, shown), Number(element[1]) ?? throw Mismatch(type, shown)))],
            _ when IsDescribed(element) => [new NamedTensor(name, JsonTensor.Read(path, shown, element))],
            _ => [Of(name, Scalar(type) ?? throw Mismatch(type, shown))],
        };
    }

    private IEnumerable<NamedTensor> Items(string name, string shown, Func<int, ScriptType> part) => element.GetArrayLength() == 0
        ? [Empty(name)]
        : element.EnumerateArray().SelectMany(
            (item, index) => new JsonInput(path, item).ToInputs(
                string.Create(CultureInfo.InvariantCulture, $"{name}.{index}"), part(index), shown));

    private List<NamedTensor> Entries(string name, ScriptType type, string shown)
    {
        var keys = new HashSet<object>();
        var entries = new List<NamedTensor>();
        foreach (var member in element.EnumerateObject())
        {
            if (!keys.Add(ScriptKeys.Parse(type.Arguments[0], member.Name, shown)))
            {
                throw new TensorFileException(path, $"'{member.Name}' stands in '{shown}' twice; keep one of them.");
            }

            entries.AddRange(new JsonInput(path, member.Value).ToInputs(
                $"{name}.{ArgumentParts.OfKey(type, member.Name)}", type.Arguments[1], $"{shown}.{member.Name}"));
        }

        return keys.Count == 0 ? [Empty(name)] : entries;
    }

    // A list or dictionary of nothing has no part to name.
    private static NamedTensor Empty(string name) => new(name, HostTensor.From<byte>(DType.UInt8, [], 0));

    private static NamedTensor Of(string name, object number) => new(name, number switch
    {
        long integer => HostTensor.From<long>(DType.Int64, [integer]),
        bool flag => HostTensor.From<bool>(DType.Bool, [flag]),
        Complex complex => HostTensor.From<Complex>(DType.Complex128, [complex]),
        _ => HostTensor.From<double>(DType.Float64, [(double)number]),
    });

    private string? Text()
    {
        var text = IsDescribed(element) && element.GetProperty("dtype").ValueEquals(TextType) ? element.GetProperty("data") : element;
        return text.ValueKind == JsonValueKind.String ? text.GetString() : null;
    }

    private object? Scalar(ScriptType type)
    {
        var value = element;
        while (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 1)
        {
            value = value[0];
        }

        // The object has to be said: numbers convert to others by themselves.
        return type.Name switch
        {
            "int" or "number" when value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var integer) => (object)integer,
            "float" or "number" when Number(value) is { } number => number,
            "complex" when Number(value) is { } real => new Complex(real, 0),
            "bool" when value.ValueKind is JsonValueKind.True or JsonValueKind.False => value.GetBoolean(),
            _ => null,
        };
    }

    // A number that a double holds; one beyond its range is refused, never rounded to infinity.
    private static double? Number(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number when double.IsFinite(value.GetDouble()) => value.GetDouble(),
        JsonValueKind.String when value.ValueEquals("NaN") => double.NaN,
        JsonValueKind.String when value.ValueEquals("Infinity") => double.PositiveInfinity,
        JsonValueKind.String when value.ValueEquals("-Infinity") => double.NegativeInfinity,
        _ => null,
    };

    private InputMismatchException Mismatch(ScriptType type, string name) =>
        new($"'{name}' must be {type}, and the input has {JsonTensor.Shown(element)}.");
}
