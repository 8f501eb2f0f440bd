using System.Text.Json;
using ZeroCopy.Tensors;

namespace ZeroCopy.Node.TensorFiles;

/// <summary>A nested JSON array taken apart: its shape and its elements, row by row.</summary>
internal sealed class JsonArrayElements
{
    public JsonArrayElements(string path, string name, JsonElement data)
    {
        var shape = new List<long>();
        for (var level = data; level.ValueKind == JsonValueKind.Array; level = level[0])
        {
            shape.Add(level.GetArrayLength());
            if (shape[^1] == 0)
            {
                break;
            }
        }

        Shape = [.. shape];
        Collect(path, name, data, 0);
    }

    public long[] Shape { get; }

    public List<JsonElement> Elements { get; } = [];

    /// <summary>The type of a tensor that does not name one.</summary>
    public DType GuessType()
    {
        if (Elements.Count > 0 && Elements.All(element => element.ValueKind is JsonValueKind.True or JsonValueKind.False))
        {
            return DType.Bool;
        }

        var integers = Elements.Count > 0 && Elements.All(
            element => element.ValueKind == JsonValueKind.Number && element.GetRawText().AsSpan().IndexOfAny('.', 'e', 'E') < 0);
        return integers ? DType.Int64 : DType.Float32;
    }

    private void Collect(string path, string name, JsonElement element, int depth)
    {
        if (depth == Shape.Length
            && element.ValueKind is JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False or JsonValueKind.String)
        {
            Elements.Add(element);
        }
        else if (depth < Shape.Length && element.ValueKind == JsonValueKind.Array && element.GetArrayLength() == Shape[depth])
        {
            foreach (var inner in element.EnumerateArray())
            {
                Collect(path, name, inner, depth + 1);
            }
        }
        else
        {
            var expected = depth < Shape.Length ? $"{Shape[depth]} entries" : "a number";
            var found = element.ValueKind == JsonValueKind.Array
                ? $"{element.GetArrayLength()} entries"
                : element.ValueKind.ToString().ToLowerInvariant();
            throw new TensorFileException(
                path, $"'{name}' is not a rectangular array of numbers: expected {expected} at depth {depth}, found {found}.");
        }
    }
}
