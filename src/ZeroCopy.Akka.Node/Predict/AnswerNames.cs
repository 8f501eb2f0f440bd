using ZeroCopy.Node.TensorFiles;
using ZeroCopy.Torch.Views;

namespace ZeroCopy.Node.Predict;

/// <summary>The named tensors of an answer, for a file.</summary>
internal static class AnswerNames
{
    /// <summary>Empty where the method answers with nothing.</summary>
    /// <exception cref="InputMismatchException">The answer holds something that is no tensor and no number.</exception>
    public static IReadOnlyList<NamedTensor> Of(object? answer)
    {
        try
        {
            return [.. NamedAnswer.Of(answer).Select(tensor => new NamedTensor(tensor.Name, tensor.Tensor))];
        }
        catch (NotSupportedException exception)
        {
            throw new InputMismatchException($"{exception.Message} No file of tensors can hold it; call the model from C#.", exception);
        }
    }
}
