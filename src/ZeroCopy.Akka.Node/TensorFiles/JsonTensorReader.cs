using System.Text.Json;
using System.Text.Unicode;
using ZeroCopy.Tensors;

namespace ZeroCopy.Node.TensorFiles;

/// <summary>
/// Reads tensors from JSON: one array, or an object with a member for each tensor. A tensor is a number, a nested array, or
/// <c>{"dtype": "F32", "data": [...], "shape": [...]}</c> where the type shall be another than the guessed one (the shape is optional).
/// Guessed: <c>BOOL</c> for true and false, <c>I64</c> where no number has a fraction or an exponent, else <c>F32</c>. Not-a-number and the
/// infinities are the strings "NaN", "Infinity" and "-Infinity".
/// </summary>
internal static class JsonTensorReader
{
    private const int MaxShown = 60;
    private static readonly string[] Members = ["dtype", "data", "shape"];

    /// <exception cref="TensorFileException">Not JSON, or not of that form; a value that its type cannot hold.</exception>
    public static IReadOnlyList<NamedTensor> Read(string path)
    {
        using var document = Parse(path);
        try
        {
            return Read(path, document.RootElement);
        }
        catch (InvalidOperationException error)
        {
            throw NotUnicode(path, error);
        }
    }

    private static List<NamedTensor> Read(string path, JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object || IsDescribed(root))
        {
            return [new NamedTensor(null, Tensor(path, "$", root))];
        }

        var tensors = root.EnumerateObject().Select(
            member => new NamedTensor(member.Name, Tensor(path, member.Name, member.Value))).ToList();
        var twice = tensors.GroupBy(tensor => tensor.Name).FirstOrDefault(group => group.Count() > 1);
        return twice is null ? tensors : throw new TensorFileException(path, $"'{twice.Key}' stands there twice; keep one of them.");
    }

    private static TensorFileException NotUnicode(string path, Exception? error = null) =>
        new(path, "it holds a text that is no valid Unicode; write it as UTF-8.", error);

    private static JsonDocument Parse(string path)
    {
        var text = File.ReadAllBytes(path);
        if (!Utf8.IsValid(text))
        {
            throw NotUnicode(path);
        }

        try
        {
            return JsonDocument.Parse(text);
        }
        catch (JsonException error)
        {
            throw new TensorFileException(
                path,
                $"it is not JSON: line {error.LineNumber + 1}, byte {error.BytePositionInLine}. "
                + "Write not-a-number and infinities as the strings \"NaN\", \"Infinity\", \"-Infinity\".", error);
        }
    }

    private static bool IsDescribed(JsonElement element) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty("data", out _) && element.TryGetProperty("dtype", out _);

    private static HostTensor Tensor(string path, string name, JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            return Tensor(path, name, element, null, null);
        }

        if (!IsDescribed(element))
        {
            throw new TensorFileException(
                path, $"'{name}' is an object without \"dtype\" and \"data\"; give an array of numbers or those two.");
        }

        if (element.EnumerateObject().Select(member => member.Name).FirstOrDefault(member => !Members.Contains(member)) is { } unknown)
        {
            throw new TensorFileException(path, $"'{name}' has the unknown member '{unknown}'; a tensor has {string.Join(", ", Members)}.");
        }

        var token = element.GetProperty("dtype");
        if (token.ValueKind != JsonValueKind.String || !DTypeExtensions.TryParseToken(token.GetString(), out var dtype))
        {
            throw new TensorFileException(
                path, $"the dtype {Shown(token)} of '{name}' is not one of BOOL, U8, I8, I16, I32, I64, F16, BF16, F32, F64.");
        }

        return Tensor(path, name, element.GetProperty("data"), dtype, element.TryGetProperty("shape", out var shape) ? shape : null);
    }

    private static HostTensor Tensor(string path, string name, JsonElement data, DType? dtype, JsonElement? declaredShape)
    {
        var array = new JsonArrayElements(path, name, data);
        var type = dtype ?? array.GuessType();
        var shape = declaredShape is { } declared ? Shape(path, name, declared) : array.Shape;
        TensorLayout layout;
        try
        {
            layout = new TensorLayout(type, shape);
        }
        catch (Exception error) when (error is OverflowException or ArgumentException)
        {
            throw new TensorFileException(path, $"[{string.Join(", ", shape)}] is no shape for '{name}'.", error);
        }

        if (layout.ElementCount != array.Elements.Count)
        {
            throw new TensorFileException(
                path,
                $"'{name}' has {array.Elements.Count} elements, and its shape [{string.Join(", ", shape)}] takes {layout.ElementCount}.");
        }

        var bytes = new byte[layout.ByteLength];
        var size = type.ElementSize();
        for (var index = 0; index < array.Elements.Count; index++)
        {
            if (!JsonNumber.TryWrite(array.Elements[index], type, bytes.AsSpan(index * size, size)))
            {
                throw new TensorFileException(
                    path,
                    $"{Shown(array.Elements[index])} in '{name}' (element {index}) is not a value of {type.ToToken()}; "
                    + "change it or the tensor's dtype.");
            }
        }

        return new HostTensor(layout, bytes);
    }

    private static long[] Shape(string path, string name, JsonElement shape) =>
        shape.ValueKind == JsonValueKind.Array && shape.EnumerateArray().All(
            size => size.ValueKind == JsonValueKind.Number && size.TryGetInt64(out _))
            ? [.. shape.EnumerateArray().Select(size => size.GetInt64())]
            : throw new TensorFileException(path, $"the shape of '{name}' is not an array of integers.");

    private static string Shown(JsonElement element)
    {
        var text = element.GetRawText();
        return text.Length <= MaxShown ? text : text[..MaxShown] + "…";
    }
}
