namespace ZeroCopy.Errors;

/// <summary>
/// The store's directory cannot be used: missing rights, foreign owner, or a version of the layout that this build does not read.
/// </summary>
public sealed class StoreUnavailableException(string message, Exception? inner = null) : ZeroCopyException(message, inner);
