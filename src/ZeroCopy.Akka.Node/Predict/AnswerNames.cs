using ZeroCopy.Node.TensorFiles;
using ZeroCopy.Torch.Views;

namespace ZeroCopy.Node.Predict;

/// <summary>The named tensors of an answer, for a file.</summary>
internal static class AnswerNames
{
    /// <exception cref="InputMismatchException">The answer holds something that is no tensor and no number, or nothing at all.</exception>
    public static IReadOnlyList<NamedTensor> Of(object? answer)
    {
        try
        {
            var tensors = NamedAnswer.Of(answer);
            return tensors.Count > 0 ? [.. tensors.Select(tensor => new NamedTensor(tensor.Name, tensor.Tensor))] : throw new InputMismatchException(
                "The method answered with nothing, so there is no output to write.");
        }
        catch (NotSupportedException exception)
        {
            throw new InputMismatchException($"{exception.Message} No file of tensors can hold it; call the model from C#.", exception);
        }
    }
}
