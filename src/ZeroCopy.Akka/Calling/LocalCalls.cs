using ZeroCopy.Runtime;

namespace ZeroCopy.Calling;

/// <summary>Calls on the calling thread, each on an instance leased for it.</summary>
internal sealed class LocalCalls(IInstanceSource source) : ITaskCalls
{
    public object? Call(ModelFunction function, object? argument)
    {
        if (!source.TryRent(out var instance))
        {
            instance = source.RentAsync().AsTask().GetAwaiter().GetResult();
        }

        using (instance)
        {
            var answer = instance.Run(function, argument);
            CallerScope.Attach(answer);
            return answer;
        }
    }

    public async Task<object?> CallAsync(ModelFunction function, object? argument, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        using var instance = await source.RentAsync(cancellationToken).ConfigureAwait(false);
        return instance.Run(function, argument);
    }
}
