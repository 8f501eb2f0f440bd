using System.Text.Json;
using ZeroCopy.Tensors;

namespace ZeroCopy.Node.TensorFiles;

/// <summary>
/// Writes tensors as one JSON object, <c>{"output": {"dtype": "F32", "shape": [1, 2], "data": [[0.5, 1]]}}</c>, which <see
/// cref="JsonTensorReader"/> reads back, each number bit for bit. A text is of the type <c>STR</c> and has no dimensions; a complex
/// number is an array of its two parts.
/// </summary>
internal static class JsonTensorWriter
{
    public static void Write(Stream stream, IReadOnlyList<NamedTensor> values)
    {
        using var writer = new Utf8JsonWriter(stream);
        writer.WriteStartObject();
        foreach (var value in values)
        {
            writer.WriteStartObject(value.Name.Length == 0 ? "output" : value.Name);
            if (!value.IsText)
            {
                WriteTensor(writer, value.Tensor);
            }
            else
            {
                writer.WriteString("dtype", JsonInput.TextType);
                writer.WriteStartArray("shape");
                writer.WriteEndArray();
                writer.WriteString("data", value.ToText());
            }

            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    private static void WriteTensor(Utf8JsonWriter writer, HostTensor tensor)
    {
        writer.WriteString("dtype", tensor.Layout.DType.ToToken());
        writer.WriteStartArray("shape");
        foreach (var size in tensor.Layout.Shape)
        {
            writer.WriteNumberValue(size);
        }

        writer.WriteEndArray();
        writer.WritePropertyName("data");
        WriteLevel(writer, tensor, tensor.Data.Span, 0);
    }

    private static void WriteLevel(Utf8JsonWriter writer, HostTensor tensor, ReadOnlySpan<byte> bytes, int depth)
    {
        if (depth == tensor.Layout.Shape.Length)
        {
            ElementJson.Write(writer, tensor.Layout.DType, bytes);
            return;
        }

        writer.WriteStartArray();
        var count = (int)tensor.Layout.Shape[depth];
        for (var index = 0; index < count; index++)
        {
            var size = bytes.Length / count;
            WriteLevel(writer, tensor, bytes.Slice(index * size, size), depth + 1);
        }

        writer.WriteEndArray();
    }
}
