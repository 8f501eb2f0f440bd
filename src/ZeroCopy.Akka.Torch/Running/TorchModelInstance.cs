using TorchSharp;
using ZeroCopy.Runtime;

namespace ZeroCopy.Torch.Running;

/// <summary>A rented module.</summary>
internal sealed class TorchModelInstance(torch.nn.Module target, Action<torch.nn.Module>? giveBack) : IModelInstance
{
    private Action<torch.nn.Module>? _giveBack = giveBack;

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
