namespace ZeroCopy.Errors;

/// <summary>A module holds state that cannot be cloned safely; the message names the member and the reason.</summary>
public sealed class CloneRefusedException(string message, Exception? inner = null) : ZeroCopyException(message, inner);
