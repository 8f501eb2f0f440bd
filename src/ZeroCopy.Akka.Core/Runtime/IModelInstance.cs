namespace ZeroCopy.Runtime;

/// <summary>Work to do with a model: gets the model's object and the caller's argument, returns the answer.</summary>
/// <param name="target">The module, pipeline or script that was materialised.</param>
/// <param name="argument">The caller's argument.</param>
public delegate object? ModelFunction(object target, object? argument);

/// <summary>As <see cref="ModelFunction"/>, for work that awaits other work on its way.</summary>
/// <param name="target">The module, pipeline or script that was materialised.</param>
/// <param name="argument">The caller's argument.</param>
public delegate Task<object?> AsyncModelFunction(object target, object? argument);

/// <summary>
/// A materialised model that the holder has for itself until it disposes it, which returns it to its pool (and never throws).
/// Not thread-safe: one call at a time.
/// </summary>
public interface IModelInstance : IDisposable
{
    /// <summary>The module, pipeline or script, its weights bound to the store's blocks.</summary>
    object Target { get; }

    /// <summary>
    /// Runs <paramref name="function"/> on the calling thread without gradients. Native tensors that it makes on the way are disposed
    /// before it returns; those reachable from the answer belong to the caller.
    /// </summary>
    object? Run(ModelFunction function, object? argument);

    /// <summary>
    /// Instead of <see cref="IDisposable.Dispose"/>, for one that fails: nobody gets it again, where it has anything of its own.
    /// </summary>
    void Discard() => Dispose();

    /// <summary>
    /// Runs an asynchronous function piece by piece: the first one, up to its first await, on the calling thread, and what follows each
    /// await where <paramref name="schedule"/> takes it. Gradients are off in each piece; tensors that the pieces make are disposed when
    /// the function has ended, but those reachable from the answer, which belong to the caller. Behind an await with
    /// <c>ConfigureAwait(false)</c> the function is on its own: on the .NET pool, with gradients on, and with what it makes to dispose. No
    /// dispose scope or mode of its own may be open across an await: those belong to threads. The holder keeps the instance until the task
    /// ends.
    /// </summary>
    /// <param name="function">The function.</param>
    /// <param name="argument">The caller's argument, valid until the task ends.</param>
    /// <param name="schedule">Takes the pieces, and runs them one at a time; null for the .NET pool.</param>
    Task<object?> RunAsync(AsyncModelFunction function, object? argument, Action<Action>? schedule = null) => function(Target, argument);
}
