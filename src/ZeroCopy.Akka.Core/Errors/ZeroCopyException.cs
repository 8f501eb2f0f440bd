namespace ZeroCopy.Errors;

/// <summary>
/// Base of every error that a caller can do something about. The message names the value, the limit and the setting to change, in one line.
/// </summary>
public abstract class ZeroCopyException(string message, Exception? inner = null) : Exception(message, inner);
