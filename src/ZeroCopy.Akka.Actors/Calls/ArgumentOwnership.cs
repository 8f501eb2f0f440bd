namespace ZeroCopy.Actors.Calls;

/// <summary>Who releases the argument of a call, natively held tensors above all.</summary>
public enum ArgumentOwnership
{
    /// <summary>
    /// The caller keeps the argument and must keep it valid until the call is answered. A call that is cancelled or late while the model
    /// computes is therefore answered when the computation has ended.
    /// </summary>
    Keep,
    /// <summary>
    /// The call takes the argument and releases it, also when it fails or is refused. A call that is cancelled or late is answered at once.
    /// </summary>
    Give,
}
