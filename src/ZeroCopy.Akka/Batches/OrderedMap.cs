using System.Runtime.CompilerServices;

namespace ZeroCopy.Batches;

/// <summary>Maps a sequence through concurrent calls, and returns the answers in the order of the inputs, or as they come.</summary>
internal static class OrderedMap
{
    /// <summary>
    /// Keeps at most <paramref name="prefetch"/> calls in flight: the next input is read when the oldest answer was taken. When the
    /// enumeration ends early, by a failure, a cancellation or the consumer, the calls in flight are cancelled and waited for, and unwanted
    /// answers are released.
    /// </summary>
    /// <param name="source">The inputs.</param>
    /// <param name="call">Starts one call.</param>
    /// <param name="prefetch">Most calls in flight, at least 1.</param>
    /// <param name="release">Releases an answer that nobody will take.</param>
    /// <param name="isOrdered">Whether an answer waits for those to the inputs before its own.</param>
    /// <param name="cancellationToken">Ends the enumeration with an <see cref="OperationCanceledException"/> that carries it.</param>
    public static async IAsyncEnumerable<TOut> RunAsync<TIn, TOut>(
        IAsyncEnumerable<TIn> source, Func<TIn, CancellationToken, Task<TOut>> call, int prefetch, Action<TOut> release, bool isOrdered,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var flying = new List<Task<TOut>>(prefetch);
        try
        {
            var inputs = source.GetAsyncEnumerator(stop.Token);
            await using (inputs.ConfigureAwait(false))
            {
                while (await CarryingAsync(inputs.MoveNextAsync(), cancellationToken).ConfigureAwait(false))
                {
                    flying.Add(call(inputs.Current, stop.Token));
                    if (flying.Count == prefetch)
                    {
                        yield return await CarryingAsync(NextAsync(), cancellationToken).ConfigureAwait(false);
                    }
                }
            }

            while (flying.Count > 0)
            {
                yield return await CarryingAsync(NextAsync(), cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            foreach (var unwanted in flying)
            {
                // The failure that ended the enumeration is what the consumer sees; these calls were given up because of it.
                await ((Task)unwanted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (unwanted.IsCompletedSuccessfully)
                {
                    release(await unwanted.ConfigureAwait(false));
                }
            }
        }

        // That of the oldest call, or of the first that ends.
        async ValueTask<TOut> NextAsync()
        {
            var next = isOrdered || flying.Count == 1 ? flying[0] : await Task.WhenAny(flying).ConfigureAwait(false);
            flying.Remove(next);
            return await next.ConfigureAwait(false);
        }
    }

    /// <summary>A step that is cancelled carries the consumer's own token then, not one that is linked to it.</summary>
    private static async ValueTask<T> CarryingAsync<T>(ValueTask<T> step, CancellationToken token)
    {
        try
        {
            return await step.ConfigureAwait(false);
        }
        catch (OperationCanceledException exception) when (token.IsCancellationRequested && exception.CancellationToken != token)
        {
            throw new OperationCanceledException(exception.Message, exception, token);
        }
    }
}
