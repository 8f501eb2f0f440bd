using System.Runtime.CompilerServices;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Errors;
using ZeroCopy.Torch.Batching;

namespace ZeroCopy.Batches;

/// <summary>Maps sequences through pools.</summary>
internal static class PoolMap
{
    private static readonly TorchBatchCodec Codec = new();

    /// <summary>Reports each input after its answer.</summary>
    public static async IAsyncEnumerable<TOut> InputsAsync<TIn, TOut>(
        ModelPool<TIn, TOut> pool, IAsyncEnumerable<TIn> inputs, MapOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (started, answered) = (0L, 0L);
        var answers = OrderedMap.RunAsync(
            inputs, AskAsync, PrefetchOf(options, pool.Actors.Settings.Size), answer => Codec.Release(answer), cancellationToken);
        await foreach (var answer in answers.ConfigureAwait(false))
        {
            options.Progress?.Report(++answered);
            yield return answer;
        }

        async Task<TOut> AskAsync(TIn input, CancellationToken stop)
        {
            var index = started++;
            try
            {
                // Off the thread that computes: what follows reads the next inputs, and is the consumer's own code.
                return await pool.AskAsync(input, options.Call, stop).ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            }
            catch (InferenceException exception)
            {
                throw Failed($"input {index}", exception);
            }
        }
    }

    /// <summary>A name for the pool of one map.</summary>
    public static string NewName() => $"map-{Guid.NewGuid():N}";

    /// <summary>Maps rows in batches through a pool that is made for it.</summary>
    public static async IAsyncEnumerable<TOut> RowsAsync<TIn, TOut>(
        IAsyncEnumerable<TIn> rows, Func<Func<PoolSettings, PoolSettings>, Task<ModelPool<IReadOnlyList<TIn>, IReadOnlyList<TOut>>>> start,
        MapBatchesOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var pool = await start(settings => settings with
        {
            Size = options.Actors,
            QueueCapacity = PrefetchOf(options, options.Actors),
            Resizer = null,
            Batching = null,
        }).ConfigureAwait(false);
        await using (pool.ConfigureAwait(false))
        {
            var calls = new RowCalls<TIn, TOut>(pool, options, Codec.Release);
            var (read, answered) = (0L, 0L);
            var batches = OrderedMap.RunAsync(
                rows.Chunk(options.BatchSize), AnswerAsync, PrefetchOf(options, options.Actors), batch => batch.Release(), cancellationToken);
            await foreach (var batch in batches.ConfigureAwait(false))
            {
                foreach (var failed in batch.Failed)
                {
                    options.OnFailedRow!(failed);
                }

                answered += batch.Rows;
                options.Progress?.Report(answered);
                var taken = 0;
                try
                {
                    while (taken < batch.Answers.Count)
                    {
                        yield return batch.Answers[taken++];
                    }
                }
                finally
                {
                    foreach (var unwanted in batch.Answers.Skip(taken))
                    {
                        Codec.Release(unwanted);
                    }
                }
            }

            Task<AnsweredRows<TOut>> AnswerAsync(TIn[] batch, CancellationToken stop)
            {
                var first = read;
                read += batch.Length;
                return calls.AnswerAsync(batch, first, stop);
            }
        }
    }

    /// <summary>A failure that says what it was of.</summary>
    public static InferenceException Failed(string what, InferenceException exception) =>
        new(exception.Failure, $"Mapping {what} failed: {exception.Message}", exception);

    private static int PrefetchOf(MapOptions options, int actors) => options.Prefetch ?? 2 * actors;
}
