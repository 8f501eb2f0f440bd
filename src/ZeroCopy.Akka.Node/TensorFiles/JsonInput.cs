using System.Numerics;
using System.Text.Json;
using ZeroCopy.Node.Predict;
using ZeroCopy.Torch.Script;

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

    protected override bool IsNothing => element.ValueKind == JsonValueKind.Null;

    /// <summary>Whether an object has the two members that describe a tensor.</summary>
    public static bool IsDescribed(JsonElement element) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty("data", out _) && element.TryGetProperty("dtype", out _);

    protected override object? Convert(ScriptType type, string name)
    {
        try
        {
            return type.Name switch
            {
                "Tensor" => JsonTensor.Read(path, name, element),
                "List" when element.ValueKind == JsonValueKind.Array => Items().Select(item => item.As(type.Arguments[0], name)).ToList(),
                "Tuple" when element.ValueKind == JsonValueKind.Array && element.GetArrayLength() == type.Arguments.Length =>
                    Items().Zip(type.Arguments, (item, part) => item.As(part, name)).ToArray(),
                "Dict" when element.ValueKind == JsonValueKind.Object => Entries(type, name),
                "NoneType" when IsNothing => null,
                "str" or "Device" => Text() ?? throw Mismatch(type, name),
                "complex" when element.ValueKind == JsonValueKind.Array && element.GetArrayLength() == 2 =>
                    new Complex(Number(element[0]) ?? throw Mismatch(type, name), Number(element[1]) ?? throw Mismatch(type, name)),
                _ when IsDescribed(element) => new TensorInput(JsonTensor.Read(path, name, element)).As(type, name),
                _ => Scalar(type) ?? throw Mismatch(type, name),
            };
        }
        catch (InvalidOperationException error)
        {
            throw JsonTensorReader.NotUnicode(path, error);
        }
    }

    private IEnumerable<JsonInput> Items() => element.EnumerateArray().Select(item => new JsonInput(path, item));

    private Dictionary<object, object?> Entries(ScriptType type, string name)
    {
        var entries = new Dictionary<object, object?>();
        foreach (var member in element.EnumerateObject())
        {
            var value = new JsonInput(path, member.Value).As(type.Arguments[1], $"{name}.{member.Name}");
            if (!entries.TryAdd(ScriptKeys.Parse(type.Arguments[0], member.Name, name), value))
            {
                throw new TensorFileException(path, $"'{member.Name}' stands in '{name}' twice; keep one of them.");
            }
        }

        return entries;
    }

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
