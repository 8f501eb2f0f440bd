using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using System.IO.Pipelines;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using ZeroCopy.Endpoints;
using ZeroCopy.Serving.Calls;
using ZeroCopy.Serving.Protocol;
using ZeroCopy.Serving.Regions;
using ZeroCopy.Tensors;

namespace ZeroCopy.Serving.Http;

/// <summary>Sends a model's answer: the JSON, then the outputs that go as binary, straight from where the model left them.</summary>
internal static class InferAnswer
{
    /// <exception cref="RequestException">The outputs are not those that were asked for, or cannot be sent as they were.</exception>
    public static async Task SendAsync(HttpResponse response, InferRequest request, IModelEndpoint endpoint, ModelAnswer answer)
    {
        var outputs = request.Select(answer.Outputs);
        var cancellationToken = response.HttpContext.RequestAborted;
        // The length of the JSON is a header, so it is written before anything is sent.
        var text = new Pipe(new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false));
        var jsonLength = WriteJson(text.Writer, request, endpoint.Name, ModelVersion.Of(endpoint, answer), outputs);
        await text.Writer.CompleteAsync().ConfigureAwait(false);
        var binary = outputs.Where(output => request.IsBinary(output.Name)).ToImmutableArray();
        response.ContentType = JsonAnswer.ContentType;
        if (!binary.IsEmpty)
        {
            response.ContentType = "application/octet-stream";
            response.Headers[InferBody.JsonLength] = jsonLength.ToString(CultureInfo.InvariantCulture);
        }

        response.ContentLength = jsonLength + binary.Sum(BinaryTensor.Size);
        await text.Reader.CopyToAsync(response.BodyWriter, cancellationToken).ConfigureAwait(false);
        await text.Reader.CompleteAsync().ConfigureAwait(false);
        foreach (var output in binary)
        {
            if (output.IsText)
            {
                BinaryPrimitives.WriteInt32LittleEndian(response.BodyWriter.GetSpan(sizeof(int)), output.Data.Length);
                response.BodyWriter.Advance(sizeof(int));
            }

            await response.BodyWriter.WriteAsync(output.Data, cancellationToken).ConfigureAwait(false);
        }
    }

    private static long WriteJson(
        PipeWriter text, InferRequest request, string name, int? version, ImmutableArray<NamedTensor> outputs)
    {
        using var writer = new Utf8JsonWriter(text, JsonAnswer.WriterOptions);
        writer.WriteStartObject();
        if (request.Id is { } id)
        {
            writer.WriteString("id", id);
        }

        writer.WriteString("model_name", name);
        writer.WriteString("model_version", ModelVersion.Text(version));
        writer.WriteStartArray("outputs");
        foreach (var output in outputs)
        {
            WriteOutput(writer, output, request);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.Flush();
        return writer.BytesCommitted;
    }

    private static void WriteOutput(Utf8JsonWriter writer, NamedTensor output, InferRequest request)
    {
        var name = Datatype.OfOutput(output);
        var asked = request.AskedFor(output.Name);
        writer.WriteStartObject();
        writer.WriteString("name", output.Name);
        writer.WriteString("datatype", name);
        writer.WriteStartArray("shape");
        foreach (var size in output.IsText ? [1] : output.Shape)
        {
            writer.WriteNumberValue(size);
        }

        writer.WriteEndArray();
        if (asked.Region is { } region)
        {
            RegionTensors.Write(output, asked);
            writer.WriteStartObject("parameters");
            writer.WriteString(RegionUse.RegionParameter, region.Region);
            writer.WriteNumber("shared_memory_byte_size", BinaryTensor.Size(output));
            writer.WriteNumber("shared_memory_offset", region.Offset);
            writer.WriteEndObject();
        }
        else if (request.IsBinary(output.Name))
        {
            writer.WriteStartObject("parameters");
            writer.WriteNumber("binary_data_size", BinaryTensor.Size(output));
            writer.WriteEndObject();
        }
        else
        {
            WriteData(writer, output, name);
        }

        writer.WriteEndObject();
    }

    private static void WriteData(Utf8JsonWriter writer, NamedTensor output, string datatype)
    {
        writer.WriteStartArray("data");
        if (output.IsText)
        {
            writer.WriteStringValue(output.Data.Span);
        }
        else if (Datatype.IsInJson(output.DType))
        {
            ElementJson.WriteAll(writer, output.DType, output.Data.Span);
        }
        else
        {
            throw new RequestException(
                $"Output '{output.Name}' is {datatype}, which comes as binary alone: ask for it with the parameter binary_data or "
                + "binary_data_output.");
        }

        writer.WriteEndArray();
    }
}
