using System.Collections.Immutable;
using System.Text.Json;
using ZeroCopy.Client.Memory;
using ZeroCopy.Client.SharedMemory;
using ZeroCopy.Client.Tensors;

namespace ZeroCopy.Client.Http;

/// <summary>Reads the answer of a call: its JSON, then the binary tensors behind it, each straight into memory of its own.</summary>
internal static class InferResultReader
{
    /// <exception cref="InferenceServerException">It is not an answer of the protocol; the message says where.</exception>
    public static async Task<InferResult> ReadAsync(
        HttpResponseMessage response, InferRequest request, long limit, CancellationToken cancellationToken)
    {
        var memory = new RentedMemory();
        try
        {
            var body = await AnswerBody.OpenAsync(response, limit, cancellationToken).ConfigureAwait(false);
            var jsonLength = body.JsonLength(response);
            using var json = await body.ReadJsonAsync(jsonLength, memory, cancellationToken).ConfigureAwait(false);
            var root = new AnswerField(json.RootElement, AnswerPlace.Answer);
            var outputs = ImmutableArray.CreateBuilder<InferOutput>();
            foreach (var output in root.Items("outputs"))
            {
                outputs.Add(
                    await ReadAsync(output, request, body, jsonLength is not null, memory, cancellationToken).ConfigureAwait(false));
            }

            if (jsonLength is not null)
            {
                await body.RequireEndAsync(cancellationToken).ConfigureAwait(false);
            }

            return new InferResult(
                root.OptionalText("model_name") ?? "", root.OptionalText("model_version"), root.OptionalText("id"),
                outputs.ToImmutable(), memory);
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    private static async Task<InferOutput> ReadAsync(
        AnswerField output, InferRequest request, AnswerBody body, bool hasBinary, RentedMemory memory,
        CancellationToken cancellationToken)
    {
        var name = output.Text("name");
        var datatype = output.Datatype("datatype");
        var shape = output.Sizes("shape");
        var parameters = output.Optional("parameters");
        if (parameters?.Optional(SharedMemoryParameters.Region) is not null)
        {
            var written = parameters.Value.Field(SharedMemoryParameters.ByteSize).Whole();
            return new InferOutput(name, datatype, shape, request.Written(name, written), memory: null);
        }

        if (parameters?.Optional("binary_data_size") is not { } size)
        {
            return new InferOutput(name, datatype, shape, ReadJson(output.Field("data"), name, datatype, memory), memory);
        }

        if (!hasBinary)
        {
            throw InferenceServerException.NotProtocol(
                $"output '{name}' is binary, but there is no header {AnswerBody.JsonLengthHeader}");
        }

        var bytes = size.Whole();
        InferOutput.RequireSize(name, datatype, shape, bytes);
        var data = await body.ReadExactlyAsync(bytes, $"output '{name}'", memory, cancellationToken).ConfigureAwait(false);
        return new InferOutput(name, datatype, shape, data, memory);
    }

    private static Memory<byte> ReadJson(AnswerField data, string name, Datatype datatype, RentedMemory memory)
    {
        var elements = new List<JsonElement>();
        Flatten(data.Value, elements);
        if (datatype == Datatype.Bytes)
        {
            var place = new AnswerPlace(null, $"an element of output '{name}'");
            return ByteStrings.Encode([.. elements.Select(element => new AnswerField(element, place).Text())]);
        }

        var size = datatype.ElementSize();
        var bytes = memory.Rent(checked(size * elements.Count));
        for (var at = 0; at < elements.Count; at++)
        {
            if (!ElementJson.TryRead(elements[at], datatype, bytes.Span.Slice(at * size, size)))
            {
                throw InferenceServerException.NotProtocol(
                    $"element {at} of output '{name}' is {elements[at].GetRawText()}, which {datatype.ToName()} does not hold");
            }
        }

        return bytes;
    }

    /// <summary>The elements in row-major order: one flat array, or arrays in arrays, no deeper than the JSON may be.</summary>
    private static void Flatten(JsonElement value, List<JsonElement> elements)
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            elements.Add(value);
            return;
        }

        foreach (var part in value.EnumerateArray())
        {
            Flatten(part, elements);
        }
    }
}
