using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;
using ZeroCopy.Serving.Settings;

namespace ZeroCopy.Serving.Protocol;

/// <summary>
/// Reads the JSON of a request for inference. Elements go from the text into the tensors' memory, with nothing in between.
/// </summary>
/// <param name="options">The limits.</param>
/// <param name="memory">Where tensors get their memory.</param>
/// <param name="hasBinary">Whether bytes follow the JSON.</param>
internal sealed class InferRequestReader(ServingOptions options, RequestMemory memory, bool hasBinary)
{
    /// <exception cref="RequestException">The text is not JSON, or not such a request; the message names the field.</exception>
    public InferRequest Read(in ReadOnlySequence<byte> json)
    {
        try
        {
            var cursor = new JsonCursor(in json, options.MaxJsonDepth);
            cursor.Next();
            var request = ReadRequest(ref cursor);
            cursor.End();
            return request;
        }
        catch (JsonException e)
        {
            throw RequestException.NotJson(e);
        }
    }

    private InferRequest ReadRequest(ref JsonCursor json)
    {
        var place = FieldPlace.Of("");
        json.RequireObject(place);
        string? id = null;
        ImmutableArray<InferInput> inputs = default;
        ImmutableArray<RequestedOutput> outputs = default;
        var parameters = new InferParameters();
        var seen = new HashSet<string>();
        while (json.Field(seen, place) is { } name)
        {
            switch (name)
            {
                case "id":
                    id = json.Text(place.At(name));
                    break;
                case "inputs":
                    inputs = new InferInputReader(options, memory, hasBinary).Read(ref json);
                    break;
                case "outputs":
                    outputs = ReadOutputs(ref json);
                    break;
                case "parameters":
                    parameters = ReadParameters(ref json, place.At(name));
                    break;
                default:
                    json.Skip();
                    break;
            }
        }

        return inputs.IsDefault
            ? throw new RequestException("The request has no inputs.")
            : new InferRequest(id, inputs, outputs, parameters);
    }

    private ImmutableArray<RequestedOutput> ReadOutputs(ref JsonCursor json)
    {
        json.RequireArray(FieldPlace.Of("outputs"));
        var outputs = new OutputRules(options);
        while (json.Element())
        {
            outputs.Add(ReadOutput(ref json, outputs.Next()));
        }

        return outputs.All;
    }

    private static RequestedOutput ReadOutput(ref JsonCursor json, FieldPlace place)
    {
        json.RequireObject(place);
        var seen = new HashSet<string>();
        string? name = null;
        var output = new RequestedOutput("");
        while (json.Field(seen, place) is { } field)
        {
            switch (field)
            {
                case "name":
                    name = json.Name(place.At(field));
                    break;
                case "parameters":
                    output = ReadOutputParameters(ref json, output, place.At(field));
                    break;
                default:
                    json.Skip();
                    break;
            }
        }

        return output with { Name = name ?? throw JsonCursor.Missing(place, "name") };
    }

    private static RequestedOutput ReadOutputParameters(ref JsonCursor json, RequestedOutput output, FieldPlace place)
    {
        json.RequireObject(place);
        var seen = new HashSet<string>();
        var region = new RegionUse.Reader();
        while (json.Field(seen, place) is { } name)
        {
            var value = json.Parameter(place.At(name));
            output = region.Take(name, value, place.At(name)) ? output : output.With(name, value, place.At(name));
        }

        return output with { Region = region.Use(place) };
    }

    private static InferParameters ReadParameters(ref JsonCursor json, FieldPlace place)
    {
        json.RequireObject(place);
        var seen = new HashSet<string>();
        var parameters = new InferParameters();
        while (json.Field(seen, place) is { } name)
        {
            parameters = parameters.With(name, json.Parameter(place.At(name)), place.At(name));
        }

        return parameters;
    }
}
