namespace ZeroCopy;

/// <summary>Who releases the argument of a call, natively held tensors above all.</summary>
public enum ArgumentOwnership
{
    /// <summary>
    /// The caller keeps the argument and must keep it valid until the call is answered, at its deadline or cancellation at the latest. What
    /// the model still reads then are references of the call's own to the tensors. Where the tensors cannot be told (in closures, in lazily
    /// made values, among native objects that are no tensors), such a call is answered when the model has ended.
    /// </summary>
    Keep,
    /// <summary>
    /// The call takes the argument and releases it, also when it fails or is refused.
    /// </summary>
    Give,
}
