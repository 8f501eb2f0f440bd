using ZeroCopy.Actors.Inference;
using ZeroCopy.Errors;

namespace ZeroCopy;

/// <summary>
/// A pool of actors that run one function on a model, each with an instance of its own around the shared weights: an Akka router with the
/// settings <c>zerocopy.inference.pools.NAME</c>. Thread-safe.
/// </summary>
/// <remarks>
/// Inside a process inputs and answers cross a mailbox by reference. The answer is the caller's to dispose. The input stays the caller's,
/// who keeps it valid until the call has ended, unless it is given away by <see cref="CallOptions.Ownership"/>: then the pool disposes it,
/// also when the call fails. What the model's native code does to this process is not contained: a model that can crash it belongs into a
/// process of its own, which maps the same weights.
/// </remarks>
/// <typeparam name="TIn">What a call takes.</typeparam>
/// <typeparam name="TOut">What it answers.</typeparam>
public sealed class ModelPool<TIn, TOut> : IAsyncDisposable
{
    private readonly Action _drained;

    internal ModelPool(InferencePool actors, Action drained)
    {
        Actors = actors;
        _drained = drained;
    }

    /// <summary>The pool's name.</summary>
    public string Name => Actors.Name;

    /// <summary>The pool behind: its router, settings and state.</summary>
    public InferencePool Actors { get; }

    /// <summary>Ends when the first actor has its instance. Calls made earlier wait for it.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="InferenceException">The pool has stopped before: <see cref="InferenceFailure.ShuttingDown"/>.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Task WhenReadyAsync(CancellationToken cancellationToken = default) => Actors.WhenReadyAsync(cancellationToken);

    /// <summary>Runs the pool's function on an input that stays the caller's.</summary>
    /// <param name="input">The input; keep it valid until the call has ended.</param>
    /// <param name="deadline">How long the answer may take; null for the pool's setting.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <returns>The answer, whose tensors are the caller's to dispose.</returns>
    /// <exception cref="InferenceException">The call was not answered; its failure says why.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Task<TOut> AskAsync(TIn input, TimeSpan? deadline = null, CancellationToken cancellationToken = default) =>
        AskAsync(input, deadline is null ? CallOptions.Default : new CallOptions { Deadline = deadline }, cancellationToken);

    /// <summary>Runs the pool's function.</summary>
    /// <param name="input">The input, which <see cref="CallOptions.Ownership"/> keeps or gives away.</param>
    /// <param name="options">Deadline, ownership, and the key for consistent hashing.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <returns>The answer, whose tensors are the caller's to dispose.</returns>
    /// <exception cref="InferenceException">The call was not answered; its failure says why.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<TOut> AskAsync(TIn input, CallOptions options, CancellationToken cancellationToken = default) =>
        (TOut)(await Actors.CallAsync(input, options, cancellationToken).ConfigureAwait(false))!;

    /// <summary>
    /// Runs the pool's function on each input and returns the answers in the order of the inputs. Reads no more inputs ahead than
    /// <see cref="MapOptions.Prefetch"/>. When the enumeration ends early, calls in flight are given up and their answers disposed.
    /// </summary>
    /// <exception cref="InferenceException">A call was not answered: its failure says why, its message which input it was.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public IAsyncEnumerable<TOut> MapAsync(
        IAsyncEnumerable<TIn> inputs, MapOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        options ??= new MapOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Prefetch ?? 1, 1);
        return PoolMap.InputsAsync(this, inputs, options, cancellationToken);
    }

    /// <inheritdoc cref="MapAsync(IAsyncEnumerable{TIn}, MapOptions, CancellationToken)"/>
    public IAsyncEnumerable<TOut> MapAsync(
        IEnumerable<TIn> inputs, MapOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        return MapAsync(inputs.ToAsyncEnumerable(), options, cancellationToken);
    }

    /// <summary>
    /// Takes no more calls, lets those there are finish within <c>zerocopy.inference.drain-timeout</c>, fails the rest, and
    /// returns the instances.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        await Actors.DrainAsync().ConfigureAwait(false);
        _drained();
    }
}
