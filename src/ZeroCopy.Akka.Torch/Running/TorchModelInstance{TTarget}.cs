using ZeroCopy.Runtime;

namespace ZeroCopy.Torch.Running;

/// <summary>A rented module or pipeline.</summary>
internal sealed class TorchModelInstance<TTarget>(TTarget target, Action<TTarget> giveBack, Action<TTarget> discard) : IModelInstance
    where TTarget : class
{
    private Action<TTarget>? _giveBack = giveBack;

    public object Target => target;

    public object? Run(ModelFunction function, object? argument) => ModelCall.Run(function, target, argument);

    public Task<object?> RunAsync(AsyncModelFunction function, object? argument, Action<Action>? schedule = null) =>
        AsyncModelCall.RunAsync(function, target, argument, schedule);

    public void Dispose() => Interlocked.Exchange(ref _giveBack, null)?.Invoke(target);

    public void Discard()
    {
        if (Interlocked.Exchange(ref _giveBack, null) is not null)
        {
            discard(target);
        }
    }
}
