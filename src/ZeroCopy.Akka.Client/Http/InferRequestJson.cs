using System.Text.Encodings.Web;
using System.Text.Json;
using ZeroCopy.Client.SharedMemory;
using ZeroCopy.Client.Tensors;

namespace ZeroCopy.Client.Http;

/// <summary>Writes the JSON of a call.</summary>
internal static class InferRequestJson
{
    // Not for a page to hold, so nothing but JSON's own characters is escaped. Its form is right by construction.
    private static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    /// <param name="request">The call.</param>
    /// <param name="isBinary">Whether tensors follow the JSON as binary, and come back so.</param>
    /// <param name="output">What is written to.</param>
    /// <exception cref="ArgumentException">A parameter's value or an element has no form in JSON.</exception>
    public static void Write(InferRequest request, bool isBinary, System.Buffers.IBufferWriter<byte> output)
    {
        using var writer = new Utf8JsonWriter(output, Options);
        writer.WriteStartObject();
        if (request.Id is { } id)
        {
            writer.WriteString("id", id);
        }

        WriteParameters(writer, request, isBinary);
        writer.WriteStartArray("inputs");
        foreach (var input in request.Inputs)
        {
            WriteInput(writer, input, isBinary);
        }

        writer.WriteEndArray();
        if (!request.Outputs.IsEmpty)
        {
            writer.WriteStartArray("outputs");
            foreach (var asked in request.Outputs)
            {
                WriteOutput(writer, asked, isBinary);
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    private static void WriteParameters(Utf8JsonWriter writer, InferRequest request, bool isBinary)
    {
        writer.WriteStartObject("parameters");
        writer.WriteBoolean("binary_data_output", isBinary);
        if (request.Timeout is { } timeout && timeout > TimeSpan.Zero)
        {
            writer.WriteNumber("timeout", Math.Max(1, timeout.Ticks / TimeSpan.TicksPerMicrosecond));
        }

        if (request.Priority is { } priority)
        {
            writer.WriteNumber("priority", priority);
        }

        foreach (var (name, value) in request.Parameters)
        {
            WriteParameter(writer, name, value);
        }

        writer.WriteEndObject();
    }

    private static void WriteParameter(Utf8JsonWriter writer, string name, object value)
    {
        writer.WritePropertyName(name);
        switch (value)
        {
            case bool boolean:
                writer.WriteBooleanValue(boolean);
                break;
            case int number:
                writer.WriteNumberValue(number);
                break;
            case long number:
                writer.WriteNumberValue(number);
                break;
            case ulong number:
                writer.WriteNumberValue(number);
                break;
            case double number:
                writer.WriteNumberValue(number);
                break;
            case string text:
                writer.WriteStringValue(text);
                break;
            default:
                throw InferRequest.NoParameter(name, value);
        }
    }

    private static void WriteInput(Utf8JsonWriter writer, InferInput input, bool isBinary)
    {
        writer.WriteStartObject();
        writer.WriteString("name", input.Name);
        writer.WriteString("datatype", input.Datatype.ToName());
        writer.WriteStartArray("shape");
        foreach (var size in input.Shape)
        {
            writer.WriteNumberValue(size);
        }

        writer.WriteEndArray();
        if (input.SharedMemory is { } slice)
        {
            writer.WriteStartObject("parameters");
            WritePlace(writer, slice);
            writer.WriteEndObject();
        }
        else if (isBinary)
        {
            writer.WriteStartObject("parameters");
            writer.WriteNumber("binary_data_size", input.Data.Length);
            writer.WriteEndObject();
        }
        else
        {
            writer.WriteStartArray("data");
            ElementJson.Write(writer, input);
            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    private static void WriteOutput(Utf8JsonWriter writer, InferRequestedOutput output, bool isBinary)
    {
        writer.WriteStartObject();
        writer.WriteString("name", output.Name);
        writer.WriteStartObject("parameters");
        if (output.SharedMemory is { } slice)
        {
            WritePlace(writer, slice);
        }
        else
        {
            writer.WriteBoolean("binary_data", isBinary);
        }

        if (output.ClassCount is { } classes)
        {
            writer.WriteNumber("classification", classes);
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WritePlace(Utf8JsonWriter writer, SharedMemorySlice slice)
    {
        writer.WriteString(SharedMemoryParameters.Region, slice.Region.Name);
        writer.WriteNumber(SharedMemoryParameters.Offset, slice.Offset);
        writer.WriteNumber(SharedMemoryParameters.ByteSize, slice.ByteSize);
    }
}
