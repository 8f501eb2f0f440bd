namespace ZeroCopy.Runtime;

/// <summary>Work to do with a model: gets the model's object and the caller's argument, gives the answer.</summary>
/// <param name="target">The module, pipeline or script that was materialised.</param>
/// <param name="argument">The caller's argument.</param>
public delegate object? ModelFunction(object target, object? argument);

/// <summary>
/// A materialised model that the holder has for itself until it disposes it, which gives it back to its pool (and never throws).
/// Not thread-safe: one call at a time.
/// </summary>
public interface IModelInstance : IDisposable
{
    /// <summary>The module, pipeline or script, its weights bound to the store's blocks.</summary>
    object Target { get; }

    /// <summary>
    /// Runs <paramref name="function"/> on the calling thread without gradients. Native tensors that it makes on the way are disposed before
    /// it returns; those reachable from the answer belong to the caller.
    /// </summary>
    object? Run(ModelFunction function, object? argument);

    /// <summary>
    /// Instead of <see cref="IDisposable.Dispose"/>, for one that fails: nobody gets it again, where it has anything of its own.
    /// </summary>
    void Discard() => Dispose();
}
