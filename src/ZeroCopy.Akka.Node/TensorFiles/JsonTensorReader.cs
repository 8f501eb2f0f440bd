using System.Text.Json;
using System.Text.Unicode;
using ZeroCopy.Datasets.Formats.JsonLines;
using ZeroCopy.Node.Predict;
using ZeroCopy.Torch.Endpoints;

namespace ZeroCopy.Node.TensorFiles;

/// <summary>
/// Reads inputs from JSON: one value, or an object with a member for each. What a value is depends on the argument that it is for: see
/// <see cref="JsonInput"/>.
/// </summary>
internal static class JsonTensorReader
{
    /// <exception cref="TensorFileException">Not JSON, or a name that stands there twice.</exception>
    public static CallInputs Read(string path)
    {
        var root = Parse(path);
        try
        {
            if (root.ValueKind != JsonValueKind.Object || JsonInput.IsDescribed(root))
            {
                return new CallInputs([new("", new JsonInput(path, root))], IsOrdered: true);
            }

            var values = root.EnumerateObject()
                .Select(member => new NamedValue<InputValue>(member.Name, new JsonInput(path, member.Value))).ToList();
            return values.GroupBy(value => value.Name).FirstOrDefault(group => group.Count() > 1) is { } twice
                ? throw new TensorFileException(path, $"'{twice.Key}' stands there twice; keep one of them.")
                : new CallInputs(values, IsOrdered: true);
        }
        catch (InvalidOperationException error)
        {
            throw NotUnicode(path, error);
        }
    }

    /// <summary>What a file is refused with whose texts are no Unicode.</summary>
    public static TensorFileException NotUnicode(string path, Exception? error = null) =>
        new(path, "it holds a text that is no valid Unicode; write it as UTF-8.", error);

    private static JsonElement Parse(string path)
    {
        var text = File.ReadAllBytes(path);
        if (!Utf8.IsValid(text))
        {
            throw NotUnicode(path);
        }

        try
        {
            return JsonElement.Parse(text);
        }
        catch (JsonException error)
        {
            throw new TensorFileException(
                path,
                $"{JsonFault.Of(error, text)} (line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1}).", error);
        }
    }
}
