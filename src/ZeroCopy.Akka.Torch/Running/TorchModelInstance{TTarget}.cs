using TorchSharp;
using ZeroCopy.Runtime;

namespace ZeroCopy.Torch.Running;

/// <summary>A rented module or pipeline.</summary>
internal sealed class TorchModelInstance<TTarget>(TTarget target, Action<TTarget>? giveBack) : IModelInstance
    where TTarget : class
{
    private Action<TTarget>? _giveBack = giveBack;

    public object Target => target;

    public object? Run(ModelFunction function, object? argument)
    {
        // no_grad rather than inference mode: its answers are ordinary tensors, which the caller may change in place.
        using var frozen = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var answer = function(target, argument);
        Answers.MoveOut(answer);
        return answer;
    }

    public void Dispose() => Interlocked.Exchange(ref _giveBack, null)?.Invoke(target);
}
