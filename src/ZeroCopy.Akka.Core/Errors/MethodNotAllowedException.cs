namespace ZeroCopy.Errors;

/// <summary>A task call named a method that is private, unknown, or not among the methods that the wrapper allows.</summary>
public sealed class MethodNotAllowedException(string message, string method) : ZeroCopyException(message)
{
    /// <summary>The method that was asked for.</summary>
    public string Method { get; } = method;
}
