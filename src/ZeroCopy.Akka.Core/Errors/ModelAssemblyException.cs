namespace ZeroCopy.Errors;

/// <summary>
/// An assembly that is to bring model types cannot: it is not there, is none, fits another version, or has none; the message says which.
/// </summary>
public sealed class ModelAssemblyException(string message, Exception? inner = null) : ZeroCopyException(message, inner);
