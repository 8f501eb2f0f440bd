using ZeroCopy.Runtime;

namespace ZeroCopy.Calling;

/// <summary>Runs functions on leased instances of one model, each as a task of its own. Thread-safe.</summary>
internal interface ITaskCalls
{
    /// <summary>Runs a task and waits for it on the calling thread.</summary>
    object? Call(ModelFunction function, object? argument);

    /// <summary>Runs a task.</summary>
    Task<object?> CallAsync(ModelFunction function, object? argument, TimeSpan? timeout, CancellationToken cancellationToken);
}
