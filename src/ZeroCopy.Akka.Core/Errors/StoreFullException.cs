namespace ZeroCopy.Errors;

/// <summary>
/// A put did not fit the store before its deadline: everything that could be evicted was, or others that wait for room came first, as the
/// message says.
/// </summary>
public sealed class StoreFullException(string message, long needed, long free, long limit, string setting) : ZeroCopyException(message)
{
    /// <summary>Bytes that the put needs.</summary>
    public long NeededBytes { get; } = needed;

    /// <summary>Bytes that were free at the end.</summary>
    public long FreeBytes { get; } = free;

    /// <summary>The limit in bytes that was hit.</summary>
    public long LimitBytes { get; } = limit;

    /// <summary>The setting or resource that sets the limit.</summary>
    public string Setting { get; } = setting;
}
