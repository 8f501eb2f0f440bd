using ZeroCopy.Runtime;

namespace ZeroCopy.Calling;

/// <summary>Runs functions on instances of one model that are rented for it. Thread-safe.</summary>
internal interface IModuleCalls
{
    /// <summary>Runs one and waits for it on the calling thread.</summary>
    object? Call(ModelFunction function, object? argument);
}
