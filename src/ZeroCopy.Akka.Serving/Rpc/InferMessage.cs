using System.Collections.Immutable;
using Google.Protobuf.Collections;
using ZeroCopy.OpenInference;
using ZeroCopy.Serving.Protocol;
using ZeroCopy.Serving.Settings;

namespace ZeroCopy.Serving.Rpc;

/// <summary>
/// Reads a request for inference from its message. Tensors stay in the message's memory where their elements are raw; lists of elements are
/// copied.
/// </summary>
internal sealed class InferMessage(ModelInferRequest message, ServingOptions options)
{
    private int _raw;

    /// <exception cref="RequestException">It is no such request; the message names the field.</exception>
    public InferRequest Read() =>
        new(message.Id.Length == 0 ? null : message.Id, ReadInputs(), ReadOutputs(), ReadParameters());

    private ImmutableArray<InferInput> ReadInputs()
    {
        var rules = new InputRules(options);
        var inputs = ImmutableArray.CreateBuilder<InferInput>(message.Inputs.Count);
        foreach (var tensor in message.Inputs)
        {
            var place = rules.Next();
            var name = tensor.Name.Length > 0 ? tensor.Name : throw new RequestException($"{place} has no name.");
            var input = rules.Take(place, name, tensor.Datatype, Shape(tensor.Shape, place.At("shape")));
            inputs.Add(ReadRegion(tensor, input) is { } region
                ? input.In(region)
                : input with { Value = ReadElements(tensor, input) });
        }

        return _raw == message.RawInputContents.Count
            ? inputs.MoveToImmutable()
            : throw new RequestException(
                $"raw_input_contents has {message.RawInputContents.Count} entries, but the inputs have {_raw} without contents.");
    }

    private static RegionUse? ReadRegion(ModelInferRequest.Types.InferInputTensor tensor, InferInput input)
    {
        var (region, place) = (new RegionUse.Reader(), input.Place.At("parameters"));
        foreach (var (name, value) in tensor.Parameters)
        {
            region.Take(name, Value(value, place.At(name)), place.At(name));
        }

        var use = region.Use(place);
        return use is null || tensor.Contents is null ? use : throw new RequestException(
            $"{input.Place} has both contents and shared_memory_region; one of them holds its elements.");
    }

    private NamedTensor ReadElements(ModelInferRequest.Types.InferInputTensor tensor, InferInput input)
    {
        if (tensor.Contents is { } contents)
        {
            return message.RawInputContents.Count == 0
                ? TypedContents.Read(contents, input)
                : throw new RequestException($"{input.Place} has contents, but the request has raw_input_contents.");
        }

        if (_raw == message.RawInputContents.Count)
        {
            throw new RequestException(
                $"{input.Place} has no elements: it needs contents, an entry of raw_input_contents, or shared_memory_region.");
        }

        var bytes = message.RawInputContents[_raw].Memory;
        input.RequireSize(bytes.Length, $"raw_input_contents[{_raw}] has {bytes.Length} bytes");
        _raw++;
        return BinaryTensor.Of(input, bytes);
    }

    private ImmutableArray<RequestedOutput> ReadOutputs()
    {
        var outputs = new OutputRules(options);
        foreach (var asked in message.Outputs)
        {
            var place = outputs.Next();
            var output = new RequestedOutput(asked.Name.Length > 0 ? asked.Name : throw new RequestException($"{place} has no name."));
            var region = new RegionUse.Reader();
            foreach (var (name, parameter) in asked.Parameters)
            {
                var at = place.At("parameters").At(name);
                var value = Value(parameter, at);
                output = region.Take(name, value, at) ? output : output.With(name, value, at);
            }

            outputs.Add(output with { Region = region.Use(place.At("parameters")) });
        }

        return outputs.All;
    }

    private InferParameters ReadParameters()
    {
        var parameters = new InferParameters();
        foreach (var (name, value) in message.Parameters)
        {
            var place = FieldPlace.Of("parameters").At(name);
            parameters = parameters.With(name, Value(value, place), place);
        }

        return parameters;
    }

    private static ImmutableArray<long> Shape(RepeatedField<long> shape, FieldPlace place)
    {
        foreach (var size in shape)
        {
            _ = ParameterValue.Of(size).Count(place);
        }

        return [.. shape];
    }

    private static ParameterValue Value(InferParameter parameter, FieldPlace place) => parameter.ParameterChoiceCase switch
    {
        InferParameter.ParameterChoiceOneofCase.BoolParam => ParameterValue.Of(parameter.BoolParam),
        InferParameter.ParameterChoiceOneofCase.Int64Param => ParameterValue.Of(parameter.Int64Param),
        InferParameter.ParameterChoiceOneofCase.StringParam => ParameterValue.Of(parameter.StringParam),
        InferParameter.ParameterChoiceOneofCase.DoubleParam => ParameterValue.OfNumber($"{parameter.DoubleParam:R}"),
        InferParameter.ParameterChoiceOneofCase.Uint64Param => ParameterValue.Of(parameter.Uint64Param),
        _ => throw new RequestException($"{place} has no value."),
    };
}
