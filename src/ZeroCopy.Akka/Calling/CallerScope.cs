using TorchSharp;
using ZeroCopy.Torch.Instances;

namespace ZeroCopy.Calling;

/// <summary>Puts an answer where a direct call would have put it: into the caller's dispose scope, if there is one.</summary>
internal static class CallerScope
{
    /// <summary>Attaches the tensors of an answer, which are in no scope.</summary>
    public static void Attach(object? answer)
    {
        using var scope = torch.NewDisposeScope();
        Answers.ForEach(answer, held =>
        {
            scope.Attach(held);
            scope.MoveToOuter(held);
        });
    }
}
