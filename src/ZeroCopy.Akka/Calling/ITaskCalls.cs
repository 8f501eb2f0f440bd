using ZeroCopy.Runtime;

namespace ZeroCopy.Calling;

/// <summary>Runs each function as a task of its own. Thread-safe.</summary>
internal interface ITaskCalls : IModuleCalls
{
    /// <summary>Runs a task.</summary>
    Task<object?> CallAsync(ModelFunction function, object? argument, TimeSpan? timeout, CancellationToken cancellationToken);
}
