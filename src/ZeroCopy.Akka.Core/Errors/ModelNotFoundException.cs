namespace ZeroCopy.Errors;

/// <summary>No model of that id or name is in the store.</summary>
public sealed class ModelNotFoundException(string message, Exception? inner = null) : ZeroCopyException(message, inner);
