using TorchSharp;
using ZeroCopy.Runtime;
using ZeroCopy.Torch.Native.CppExceptions;

namespace ZeroCopy.Torch.Instances;

/// <summary>One call on a rented instance.</summary>
internal static class ModelCall
{
    /// <summary>
    /// Runs a function without gradients. Tensors that it made on the way are disposed; those in the answer are the caller's own, also
    /// where the function hands through its argument or what the model holds.
    /// </summary>
    public static object? Run(ModelFunction function, object target, object? argument)
    {
        // no_grad rather than inference mode: its answers are ordinary tensors, which the caller may change in place.
        using var frozen = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        CheckedCall.Begin();
        object? answer;
        try
        {
            answer = BorrowedTensors.Replace(function(target, argument), scope, target, argument);
        }
        finally
        {
            CheckedCall.End();
        }

        Answers.MoveOut(answer);
        return answer;
    }
}
