using System.Runtime.CompilerServices;
using ZeroCopy.Errors;
using ZeroCopy.Torch.Batching;

namespace ZeroCopy.Batches;

/// <summary>Maps sequences through pools.</summary>
internal static class PoolMap
{
    private static readonly TorchBatchCodec Codec = new();

    /// <summary>The answers in the order of the inputs.</summary>
    /// <param name="pool">Runs the calls.</param>
    /// <param name="inputs">What they take.</param>
    /// <param name="options">Prefetch, deadline and ownership; progress is the callers' affair, who know what they count.</param>
    /// <param name="describe">What an error message calls the input of an index.</param>
    /// <param name="cancellationToken">Ends the enumeration with an <see cref="OperationCanceledException"/>.</param>
    public static IAsyncEnumerable<TOut> RunAsync<TIn, TOut>(
        ModelPool<TIn, TOut> pool, IAsyncEnumerable<TIn> inputs, MapOptions options, Func<long, string> describe, CancellationToken cancellationToken)
    {
        var call = options.Call;
        var started = 0L;
        return OrderedMap.RunAsync(
            inputs, (input, stop) => AskAsync(input, started++, stop), PrefetchOf(options, pool.Actors.Settings.Size),
            answer => Codec.Release(answer), cancellationToken);

        async Task<TOut> AskAsync(TIn input, long index, CancellationToken stop)
        {
            try
            {
                // Off the thread that computes: what follows reads the next inputs, and is the consumer's own code.
                return await pool.AskAsync(input, call, stop).ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            }
            catch (InferenceException exception)
            {
                throw new InferenceException(exception.Failure, $"Mapping {describe(index)} failed: {exception.Message}", exception);
            }
        }
    }

    /// <summary>Reports each input after its answer.</summary>
    public static async IAsyncEnumerable<TOut> InputsAsync<TIn, TOut>(
        ModelPool<TIn, TOut> pool, IAsyncEnumerable<TIn> inputs, MapOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var answered = 0L;
        await foreach (var answer in RunAsync(pool, inputs, options, index => $"input {index}", cancellationToken).ConfigureAwait(false))
        {
            options.Progress?.Report(++answered);
            yield return answer;
        }
    }

    /// <summary>Maps rows in batches through a pool that is made for it.</summary>
    public static async IAsyncEnumerable<TOut> RowsAsync<T, TIn, TOut>(
        ModelWrapper<T> model, IAsyncEnumerable<TIn> rows, Func<T, IReadOnlyList<TIn>, IReadOnlyList<TOut>> function, MapBatchesOptions options,
        [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : class
    {
        var size = options.BatchSize;
        var rowsOfBatches = new Queue<int>();
        var pool = await model.Host.StartPoolAsync($"map-{Guid.NewGuid():N}", model, function, settings => settings with
        {
            Size = options.Actors,
            QueueCapacity = PrefetchOf(options, options.Actors),
            Resizer = null,
            Batching = null,
        }, new LoadOptions<T> { Device = options.Device }).ConfigureAwait(false);
        await using (pool.ConfigureAwait(false))
        {
            var answered = 0L;
            var batches = RunAsync(pool, BatchesAsync(cancellationToken), options, index => $"the batch of {size} rows from row {index * size}", cancellationToken);
            await foreach (var answers in batches.ConfigureAwait(false))
            {
                answered += rowsOfBatches.Dequeue();
                options.Progress?.Report(answered);
                var taken = 0;
                try
                {
                    while (taken < answers.Count)
                    {
                        yield return answers[taken++];
                    }
                }
                finally
                {
                    foreach (var unwanted in answers.Skip(taken))
                    {
                        Codec.Release(unwanted);
                    }
                }
            }
        }

        async IAsyncEnumerable<IReadOnlyList<TIn>> BatchesAsync([EnumeratorCancellation] CancellationToken stop)
        {
            await foreach (var batch in rows.Chunk(size).WithCancellation(stop).ConfigureAwait(false))
            {
                rowsOfBatches.Enqueue(batch.Length);
                yield return batch;
            }
        }
    }

    private static int PrefetchOf(MapOptions options, int actors) => options.Prefetch ?? 2 * actors;
}
