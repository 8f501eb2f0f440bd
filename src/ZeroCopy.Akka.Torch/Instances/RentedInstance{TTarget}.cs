using ZeroCopy.Runtime;

namespace ZeroCopy.Torch.Instances;

/// <summary>A rented module, script or pipeline. Nothing runs on it once it was returned: it may be another holder's.</summary>
internal sealed class RentedInstance<TTarget>(TTarget target, Action<TTarget> onReturn, Action<TTarget> onDiscard) : IModelInstance
    where TTarget : class
{
    private int _ended;

    public object Target => target;

    public object? Run(ModelFunction function, object? argument)
    {
        RequireRented();
        return ModelCall.Run(function, target, argument);
    }

    public Task<object?> RunAsync(AsyncModelFunction function, object? argument, Action<Action>? schedule = null)
    {
        RequireRented();
        return AsyncModelCall.RunAsync(function, target, argument, schedule);
    }

    public void Dispose() => End(onReturn);

    public void Discard() => End(onDiscard);

    private void RequireRented()
    {
        if (Volatile.Read(ref _ended) != 0)
        {
            throw new ObjectDisposedException("instance", "The instance was returned: rent another one to run on.");
        }
    }

    private void End(Action<TTarget> end)
    {
        if (Interlocked.Exchange(ref _ended, 1) == 0)
        {
            end(target);
        }
    }
}
