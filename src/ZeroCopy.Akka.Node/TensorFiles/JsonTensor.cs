using System.Text.Json;
using ZeroCopy.Tensors;

namespace ZeroCopy.Node.TensorFiles;

/// <summary>
/// A tensor in JSON: a number, a nested array, or <c>{"dtype": "F32", "data": [...], "shape": [...]}</c> where the type shall be another
/// than the guessed one (the shape is optional). Guessed: <c>BOOL</c> for true and false, <c>I64</c> where no number has a fraction or an
/// exponent, else <c>F32</c>. Not-a-number and the infinities are the strings "NaN", "Infinity" and "-Infinity"; a complex number is an
/// array of its two parts.
/// </summary>
internal static class JsonTensor
{
    private const int MaxShown = 60;
    private static readonly string[] Members = ["dtype", "data", "shape"];
    private static readonly DType[] Types =
    [
        DType.Bool, DType.UInt8, DType.Int8, DType.UInt16, DType.Int16, DType.UInt32, DType.Int32, DType.UInt64, DType.Int64, DType.Float16,
        DType.BFloat16, DType.Float32, DType.Float64, DType.Complex64, DType.Complex128,
    ];

    /// <exception cref="TensorFileException">Not of that form; a value that its type cannot hold.</exception>
    public static HostTensor Read(string path, string name, JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            return Read(path, name, element, null, null);
        }

        if (!JsonInput.IsDescribed(element))
        {
            throw new TensorFileException(
                path, $"'{name}' is an object without \"dtype\" and \"data\"; give an array of numbers or those two.");
        }

        if (element.EnumerateObject().Select(member => member.Name).FirstOrDefault(member => !Members.Contains(member)) is { } unknown)
        {
            throw new TensorFileException(path, $"'{name}' has the unknown member '{unknown}'; a tensor has {string.Join(", ", Members)}.");
        }

        var token = element.GetProperty("dtype");
        if (token.ValueKind != JsonValueKind.String || !DTypeExtensions.TryParseToken(token.GetString(), out var dtype)
            || !Types.Contains(dtype))
        {
            throw new TensorFileException(
                path,
                $"the dtype {Shown(token)} of '{name}' is not one of "
                + $"{string.Join(", ", Types.Select(type => type.ToToken()))}.");
        }

        return Read(path, name, element.GetProperty("data"), dtype, element.TryGetProperty("shape", out var shape) ? shape : null);
    }

    /// <summary>An element as it stands in the file, not too long for an error.</summary>
    public static string Shown(JsonElement element)
    {
        var text = element.GetRawText();
        return text.Length <= MaxShown ? text : text[..MaxShown] + "…";
    }

    private static HostTensor Read(string path, string name, JsonElement data, DType? dtype, JsonElement? declaredShape)
    {
        var array = new JsonArrayElements(path, name, data);
        var type = dtype ?? array.GuessType();
        var shape = declaredShape is { } declared ? Shape(path, name, declared) : array.Shape;
        if (type is DType.Complex64 or DType.Complex128)
        {
            var part = type == DType.Complex64 ? DType.Float32 : DType.Float64;
            var parts = Read(path, name, part, declaredShape is null ? shape : [.. shape, 2], array.Elements);
            return shape is [.. var outer, 2] || declaredShape is not null
                ? new HostTensor(new TensorLayout(type, declaredShape is null ? shape[..^1] : shape), parts.Data)
                : throw new TensorFileException(
                    path,
                    $"'{name}' is complex, so each of its elements is an array of two numbers, [real, imaginary].");
        }

        return Read(path, name, type, shape, array.Elements);
    }

    private static HostTensor Read(string path, string name, DType type, long[] shape, List<JsonElement> elements)
    {
        TensorLayout layout;
        try
        {
            layout = new TensorLayout(type, shape);
        }
        catch (Exception error) when (error is OverflowException or ArgumentException)
        {
            throw new TensorFileException(path, $"[{string.Join(", ", shape)}] is no shape for '{name}'.", error);
        }

        if (layout.ElementCount != elements.Count)
        {
            throw new TensorFileException(
                path,
                $"'{name}' has {elements.Count} elements, and its shape [{string.Join(", ", shape)}] takes {layout.ElementCount}.");
        }

        var bytes = new byte[layout.ByteLength];
        var size = type.ElementSize();
        for (var index = 0; index < elements.Count; index++)
        {
            if (!ElementJson.TryRead(elements[index], type, bytes.AsSpan(index * size, size)))
            {
                throw new TensorFileException(
                    path,
                    $"{Shown(elements[index])} in '{name}' (element {index}) is not a value of {type.ToToken()}; "
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
}
