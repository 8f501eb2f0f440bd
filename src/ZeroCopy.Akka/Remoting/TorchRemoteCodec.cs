using TorchSharp;
using ZeroCopy.Actors.Protocol;
using ZeroCopy.Actors.Remoting;
using ZeroCopy.Errors;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Batching;
using ZeroCopy.Torch.Views;

namespace ZeroCopy.Remoting;

/// <summary>
/// Calls of other processes to pools that take a tensor, an array of tensors (the inputs in their order), or a dictionary of them (by
/// their names). Answers are tensors and numbers, alone or in tuples, lists and dictionaries; they are named <c>output</c>,
/// <c>output_0</c> and so on, or by a dictionary's own keys.
/// </summary>
internal sealed class TorchRemoteCodec : IRemoteCodec
{
    private readonly TorchBatchCodec _tensors = new();
    private readonly Type _input;

    private TorchRemoteCodec(Type input) => _input = input;

    /// <summary>The codec of pools that take the type; null where no message can carry it.</summary>
    public static TorchRemoteCodec? For(Type input) =>
        input == typeof(torch.Tensor) || input == typeof(torch.Tensor[]) || input == typeof(Dictionary<string, torch.Tensor>)
        ? new TorchRemoteCodec(input)
        : null;

    /// <inheritdoc/>
    public object Decode(PredictRequest request)
    {
        if (request.Method.Length > 0)
        {
            throw new MethodNotAllowedException("a pool runs its own function, so the method stays empty", request.Method);
        }

        if (_input == typeof(torch.Tensor[]))
        {
            return request.Inputs.Select(input => input.Tensor.ToTorch()).ToArray();
        }

        if (_input == typeof(torch.Tensor))
        {
            return request.Inputs is [var only]
                ? only.Tensor.ToTorch()
                : throw Mismatch($"it takes one tensor, and {request.Inputs.Length} were given");
        }

        var names = request.Inputs.Select(input => input.Name).ToArray();
        return names.Distinct().Count() == names.Length && !names.Contains("")
            ? request.Inputs.ToDictionary(input => input.Name, input => input.Tensor.ToTorch())
            : throw Mismatch($"it takes tensors by name, each once, and got '{string.Join("', '", names)}'");
    }

    /// <inheritdoc/>
    public IReadOnlyList<NamedTensor> Encode(object? answer)
    {
        try
        {
            return
            [
                .. NamedAnswer.Of(answer).Select(output => output.Value is HostTensor tensor
                    ? new NamedTensor(output.Name, tensor)
                    : throw new NotSupportedException($"'{output.Name}' of the answer is a text, not a tensor.")),
            ];
        }
        catch (NotSupportedException e)
        {
            throw new InferenceException(InferenceFailure.ModelError, $"{e.Message} No message can carry it.", e);
        }
    }

    /// <inheritdoc/>
    public void Release(object? value) => _tensors.Release(value);

    private static InferenceException Mismatch(string message) => new(InferenceFailure.InvalidInput, message);
}
