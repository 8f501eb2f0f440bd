using ZeroCopy.Runtime;

namespace ZeroCopy.Calling;

/// <summary>Calls on the calling thread.</summary>
internal sealed class LocalCalls(IInstanceSource source) : IModuleCalls
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
}
