using ZeroCopy.Calling;
using ZeroCopy.Runtime;

namespace ZeroCopy.Product.Tests.Shims;

/// <summary>Runs calls at once on one object, and counts them.</summary>
internal sealed class DirectCalls(object target) : ITaskCalls
{
    public int Count { get; private set; }

    public object? Call(ModelFunction function, object? argument)
    {
        Count++;
        return function(target, argument);
    }

    public Task<object?> CallAsync(ModelFunction function, object? argument, TimeSpan? timeout, CancellationToken cancellationToken) =>
        Task.FromResult(Call(function, argument));
}
