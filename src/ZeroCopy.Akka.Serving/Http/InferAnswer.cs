using System.Buffers;
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
        using var text = AnswerText.Rent();
        WriteJson(text.Writer, request, endpoint.Name, ModelVersion.Of(endpoint, answer), outputs);
        var json = text.End();
        var (isBinary, length) = (false, json.Length);
        foreach (var output in outputs)
        {
            if (request.IsBinary(output.Name))
            {
                (isBinary, length) = (true, length + BinaryTensor.Size(output));
            }
        }

        response.ContentType = isBinary ? "application/octet-stream" : JsonAnswer.ContentType;
        response.ContentLength = length;
        if (isBinary)
        {
            response.Headers[InferBody.JsonLength] = json.Length.ToString(CultureInfo.InvariantCulture);
        }

        await WriteAsync(response.BodyWriter, json, isBinary, cancellationToken).ConfigureAwait(false);
        foreach (var output in outputs)
        {
            if (request.IsBinary(output.Name))
            {
                await WriteAsync(response.BodyWriter, output, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>
    /// A short text goes with what follows it: each flush is a packet. The last is flushed: middleware that stands in for the body sends
    /// nothing on by itself.
    /// </summary>
    private static async ValueTask WriteAsync(
        PipeWriter body, ReadOnlySequence<byte> json, bool isFollowed, CancellationToken cancellationToken)
    {
        if (isFollowed && json.IsSingleSegment)
        {
            body.Write(json.FirstSpan);
            return;
        }

        foreach (var part in json)
        {
            await body.WriteAsync(part, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async ValueTask WriteAsync(PipeWriter body, NamedTensor output, CancellationToken cancellationToken)
    {
        if (output.IsText)
        {
            BinaryPrimitives.WriteInt32LittleEndian(body.GetSpan(sizeof(int)), output.Data.Length);
            body.Advance(sizeof(int));
        }

        await body.WriteAsync(output.Data, cancellationToken).ConfigureAwait(false);
    }

    private static void WriteJson(
        Utf8JsonWriter writer, InferRequest request, string name, int? version, ImmutableArray<NamedTensor> outputs)
    {
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
        if (asked?.Region is { } region)
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
