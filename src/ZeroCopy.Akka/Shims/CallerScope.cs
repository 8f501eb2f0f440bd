using System.Runtime.CompilerServices;
using TorchSharp;

namespace ZeroCopy.Shims;

/// <summary>Puts an answer where a direct call would have put it: into the caller's dispose scope, if there is one.</summary>
internal static class CallerScope
{
    /// <summary>Takes in the tensors of an answer, tuples of tensors included.</summary>
    public static void TakeIn(object? answer)
    {
        if (answer is torch.Tensor tensor)
        {
            using var scope = torch.NewDisposeScope();
            scope.Attach(tensor);
            scope.MoveToOuter(tensor);
        }
        else if (answer is ITuple tuple)
        {
            for (var i = 0; i < tuple.Length; i++)
            {
                TakeIn(tuple[i]);
            }
        }
    }
}
