namespace ZeroCopy.Errors;

/// <summary>The model cannot be removed or replaced while it is leased.</summary>
public sealed class ModelInUseException(string message, Exception? inner = null) : ZeroCopyException(message, inner);
