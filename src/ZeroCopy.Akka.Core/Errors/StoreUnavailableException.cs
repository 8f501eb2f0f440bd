namespace ZeroCopy.Errors;

/// <summary>
/// The store's directory cannot be used: missing rights, foreign owner, a version of the layout that this build does not read, or a process
/// that hangs while it holds the store's lock.
/// </summary>
public sealed class StoreUnavailableException(string message, Exception? inner = null) : ZeroCopyException(message, inner)
{
    /// <summary>Whether others hold the store's lock, which may pass.</summary>
    internal bool IsBusy { get; init; }
}
