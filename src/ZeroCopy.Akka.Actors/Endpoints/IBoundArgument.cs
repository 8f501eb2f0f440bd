namespace ZeroCopy.Actors.Endpoints;

/// <summary>
/// A bound call of a pool whose function takes something that cannot be disposed, such as an array: the pool gets that, and releases it.
/// </summary>
internal interface IBoundArgument : IDisposable
{
    /// <summary>What the function takes.</summary>
    object Value { get; }
}
