namespace ZeroCopy.Errors;

/// <summary>
/// A file or manifest is not a valid model: corrupt, truncated, hostile or of an unsupported kind. Nothing was written to the store.
/// </summary>
public sealed class InvalidModelException(string message, Exception? inner = null) : ZeroCopyException(message, inner);
