using System.Collections.Immutable;
using ZeroCopy.Errors;
using ZeroCopy.Tensors;

namespace ZeroCopy.Client.Endpoints;

/// <summary>Named tensors of endpoints as inputs and outputs of the protocol. Elements are not copied, texts are.</summary>
internal static class NamedTensors
{
    /// <summary>Inputs without a name are called by their position, for the protocol's have one.</summary>
    /// <exception cref="InferenceException">The protocol cannot carry one: <see cref="InferenceFailure.InvalidInput"/>.</exception>
    public static ImmutableArray<InferInput> ToInputs(IReadOnlyList<NamedTensor> tensors) =>
        [.. tensors.Select((tensor, index) => ToInput(tensor, tensor.Name.Length > 0 ? tensor.Name : $"INPUT__{index}"))];

    /// <summary>Outputs of one text are texts; of several, a text for each, called <c>name.0</c> and so on.</summary>
    public static ImmutableArray<NamedTensor> ToTensors(InferResult result) => [.. result.Outputs.SelectMany(ToTensors)];

    private static InferInput ToInput(NamedTensor tensor, string name)
    {
        if (tensor.IsNone)
        {
            throw new InferenceException(
                InferenceFailure.InvalidInput,
                $"Input '{name}' stands for nothing, which the Open Inference Protocol cannot carry; leave it out for its default.");
        }

        if (tensor.IsText)
        {
            return InferInput.OfStrings(name, [tensor.Data]);
        }

        return Datatypes.Of(tensor.DType) is { } datatype
            ? InferInput.OfBytes(name, datatype, tensor.Data, [.. tensor.Shape])
            : throw new InferenceException(
                InferenceFailure.InvalidInput,
                $"Input '{name}' has elements of {tensor.DType.ToToken()}, for which the Open Inference Protocol has no datatype.");
    }

    private static IEnumerable<NamedTensor> ToTensors(InferOutput output)
    {
        if (Datatypes.Of(output.Datatype) is { } dtype)
        {
            return [new NamedTensor(output.Name, new HostTensor(new TensorLayout(dtype, output.Shape.AsSpan()), output.Data))];
        }

        var texts = output.Texts();
        return texts.Length == 1
            ? [NamedTensor.OfText(output.Name, texts[0])]
            : texts.Select((text, index) => NamedTensor.OfText($"{output.Name}.{index}", text));
    }
}
