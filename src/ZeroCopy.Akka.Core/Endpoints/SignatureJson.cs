using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using ZeroCopy.Tensors;

namespace ZeroCopy.Endpoints;

/// <summary>
/// A signature as JSON: <c>{"default": …, "methods": [{"name", "batchable", "inputs": [{"name", "type", "dtype", "shape", "optional"}],
/// "outputs"}]}</c>. What has its default value is left out, and what is not known here is ignored.
/// </summary>
internal static class SignatureJson
{
    /// <summary>The JSON of a signature.</summary>
    public static string ToJson(ModelSignature signature)
    {
        var output = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(output))
        {
            writer.WriteStartObject();
            writer.WriteString("default", signature.Default);
            writer.WriteStartArray("methods");
            foreach (var method in signature.Methods)
            {
                Write(writer, method);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    /// <summary>The signature of a JSON.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static ModelSignature Parse(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            return new ModelSignature(
                [.. root.GetProperty("methods").EnumerateArray().Select(Method)], root.GetProperty("default").GetString()!);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new FormatException($"'{json}' is no signature of a model: {e.Message}", e);
        }
    }

    private static void Write(Utf8JsonWriter writer, MethodSignature method)
    {
        writer.WriteStartObject();
        writer.WriteString("name", method.Name);
        if (method.IsBatchable)
        {
            writer.WriteBoolean("batchable", true);
        }

        Write(writer, "inputs", method.Inputs);
        Write(writer, "outputs", method.Outputs);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, string list, ImmutableArray<ValueSignature> values)
    {
        writer.WriteStartArray(list);
        foreach (var value in values)
        {
            writer.WriteStartObject();
            writer.WriteString("name", value.Name);
            writer.WriteString("type", value.Type);
            if (value.DType is { } dtype)
            {
                writer.WriteString("dtype", dtype.ToToken());
            }

            if (!value.Shape.IsDefault)
            {
                writer.WriteStartArray("shape");
                foreach (var size in value.Shape)
                {
                    writer.WriteNumberValue(size);
                }

                writer.WriteEndArray();
            }

            if (value.IsOptional)
            {
                writer.WriteBoolean("optional", true);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static MethodSignature Method(JsonElement method) => new(
        method.GetProperty("name").GetString()!,
        [.. method.GetProperty("inputs").EnumerateArray().Select(Value)],
        [.. method.GetProperty("outputs").EnumerateArray().Select(Value)],
        IsTrue(method, "batchable"));

    private static ValueSignature Value(JsonElement value) => new(
        value.GetProperty("name").GetString()!,
        value.GetProperty("type").GetString()!,
        value.TryGetProperty("dtype", out var token) && DTypeExtensions.TryParseToken(token.GetString(), out var dtype) ? dtype : null,
        value.TryGetProperty("shape", out var shape) ? [.. shape.EnumerateArray().Select(size => size.GetInt64())] : default,
        IsTrue(value, "optional"));

    private static bool IsTrue(JsonElement owner, string name) => owner.TryGetProperty(name, out var flag) && flag.GetBoolean();
}
