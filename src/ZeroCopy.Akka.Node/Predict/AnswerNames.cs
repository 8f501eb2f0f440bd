using ZeroCopy.Tensors;
using ZeroCopy.Torch.Views;

namespace ZeroCopy.Node.Predict;

/// <summary>The named tensors and texts of an answer, for a file.</summary>
internal static class AnswerNames
{
    /// <summary>Empty where the method answers with nothing.</summary>
    /// <exception cref="InputMismatchException">The answer holds something that is no tensor, no number and no text.</exception>
    public static IReadOnlyList<NamedValue> Of(object? answer)
    {
        try
        {
            return
            [
                .. NamedAnswer.Of(answer).Select(output => output.Value is HostTensor tensor
                    ? (NamedValue)new NamedTensor(output.Name, tensor)
                    : new NamedText(output.Name, (string)output.Value)),
            ];
        }
        catch (NotSupportedException exception)
        {
            throw new InputMismatchException($"{exception.Message} No file can hold it.", exception);
        }
    }
}
