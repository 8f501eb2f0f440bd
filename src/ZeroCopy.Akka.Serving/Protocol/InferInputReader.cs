using System.Collections.Immutable;
using ZeroCopy.Serving.Settings;
using ZeroCopy.Tensors;

namespace ZeroCopy.Serving.Protocol;

/// <summary>Reads the inputs of a request from its JSON.</summary>
/// <param name="options">The limits.</param>
/// <param name="memory">Where tensors get their memory.</param>
/// <param name="hasBinary">Whether bytes follow the JSON.</param>
internal sealed class InferInputReader(ServingOptions options, RequestMemory memory, bool hasBinary)
{
    private readonly InputRules _rules = new(options);

    /// <summary>Reads the inputs from the array that the cursor stands before.</summary>
    public ImmutableArray<InferInput> Read(ref JsonCursor json)
    {
        json.RequireArray(FieldPlace.Of("inputs"));
        var inputs = ImmutableArray.CreateBuilder<InferInput>();
        while (json.Element())
        {
            inputs.Add(ReadInput(ref json, _rules.Next()));
        }

        return inputs.ToImmutable();
    }

    private InferInput ReadInput(ref JsonCursor json, FieldPlace place)
    {
        json.RequireObject(place);
        var data = json;
        var (seen, dataBytes) = (new HashSet<string>(), 0L);
        string? name = null, datatype = null;
        ImmutableArray<long> shape = default;
        var parameters = new InputParameters();
        while (json.Field(seen, place) is { } field)
        {
            switch (field)
            {
                case "name":
                    name = json.Name(place.At(field));
                    break;
                case "datatype":
                    datatype = json.Text(place.At(field));
                    break;
                case "shape":
                    shape = ReadShape(ref json, place.At(field));
                    break;
                case "parameters":
                    parameters = ReadParameters(ref json, place.At(field));
                    break;
                case "data":
                    json.RequireArray(place.At(field));
                    // The elements are read when type and shape are known, which may stand behind them.
                    data = json;
                    json.Skip();
                    dataBytes = json.Position - data.Position;
                    break;
                default:
                    json.Skip();
                    break;
            }
        }

        var input = _rules.Take(
            place,
            name ?? throw JsonCursor.Missing(place, "name"),
            datatype ?? throw JsonCursor.Missing(place, "datatype"),
            shape.IsDefault ? throw JsonCursor.Missing(place, "shape") : shape);
        return (seen.Contains("data"), parameters) switch
        {
            (true, { BinarySize: null, Region: null }) => input with { Value = ReadData(ref data, dataBytes, place.At("data"), input) },
            (false, { BinarySize: null, Region: { } region }) => input.In(region),
            (false, { BinarySize: { } size, Region: null }) when hasBinary => input with
            {
                BinarySize = input.RequireSize(size, $"{place} has a binary_data_size of {size}"),
            },
            (false, { BinarySize: not null, Region: null }) => throw new RequestException(
                $"{place} has binary_data_size, but the request has no header Inference-Header-Content-Length."),
            (false, { BinarySize: null, Region: null }) => throw new RequestException(
                $"{place} has no elements: it needs data, or the parameter binary_data_size or shared_memory_region."),
            _ => throw new RequestException(
                $"{place} has two of data, binary_data_size and shared_memory_region; one of them holds its elements."),
        };
    }

    private NamedTensor ReadData(ref JsonCursor data, long dataBytes, FieldPlace place, InferInput input)
    {
        if (input.DType is not { } dtype)
        {
            return NamedTensor.OfText(input.Name, TensorJson.ReadText(ref data, place, input.Shape));
        }

        if (!Datatype.IsInJson(dtype))
        {
            throw new RequestException(
                $"{place} cannot hold {Datatype.NameOf(dtype)}: such elements come as binary, with binary_data_size.");
        }

        // An element takes two characters, its comma among them: a shape that lies gets no memory.
        if (input.Count > (dataBytes / 2) + 1)
        {
            throw new RequestException($"{place} has fewer elements than the {input.Count} of shape {Shapes.Text(input.Shape)}.");
        }

        var bytes = memory.Rent(input.ByteSize(dtype));
        TensorJson.ReadElements(ref data, place, dtype, input.Shape, input.Count, bytes.Span);
        return new NamedTensor(input.Name, new HostTensor(new TensorLayout(dtype, input.Shape.AsSpan()), bytes));
    }

    private static ImmutableArray<long> ReadShape(ref JsonCursor json, FieldPlace place)
    {
        json.RequireArray(place);
        var shape = ImmutableArray.CreateBuilder<long>();
        while (json.Element())
        {
            if (shape.Count == Shapes.MaxDimensions)
            {
                throw new RequestException($"{place} has more than {Shapes.MaxDimensions} dimensions.");
            }

            shape.Add(json.Count(place));
        }

        return shape.ToImmutable();
    }

    private static InputParameters ReadParameters(ref JsonCursor json, FieldPlace place)
    {
        json.RequireObject(place);
        var seen = new HashSet<string>();
        var (region, parameters) = (new RegionUse.Reader(), new InputParameters());
        while (json.Field(seen, place) is { } name)
        {
            var value = json.Parameter(place.At(name));
            if (!region.Take(name, value, place.At(name)) && name == "binary_data_size")
            {
                parameters = parameters with { BinarySize = value.Count(place.At(name)) };
            }
        }

        return parameters with { Region = region.Use(place) };
    }

    /// <summary>What an input's parameters say.</summary>
    private readonly record struct InputParameters(long? BinarySize, RegionUse? Region);
}
