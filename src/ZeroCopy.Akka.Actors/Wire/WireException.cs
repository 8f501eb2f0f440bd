using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Wire;

/// <summary>
/// Bytes from another process are not the message that their manifest says; the message names the manifest and what is wrong.
/// </summary>
public sealed class WireException(string message, Exception? inner = null) : ZeroCopyException(message, inner);
