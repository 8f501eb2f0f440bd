using System.Runtime.CompilerServices;
using Akka;
using Akka.Streams;
using Akka.Streams.Dsl;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Batches;
using ZeroCopy.Errors;
using ZeroCopy.Torch.Batching;

namespace ZeroCopy;

/// <summary>Maps sequences through pools.</summary>
internal static class PoolMap
{
    private static readonly TorchBatchCodec Codec = new();

    /// <summary>Reports each input after its answer.</summary>
    public static async IAsyncEnumerable<TOut> InputsAsync<TIn, TOut>(
        ModelPool<TIn, TOut> pool,
        IAsyncEnumerable<TIn> inputs,
        MapOptions options,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (started, answered) = (0L, 0L);
        var answers = OrderedMap.RunAsync(
            inputs,
            AskAsync,
            PrefetchOf(options, pool.Actors.Settings.Size),
            answer => Codec.Release(answer),
            isOrdered: true,
            cancellationToken);
        await foreach (var answer in answers.ConfigureAwait(false))
        {
            try
            {
                options.Progress?.Report(++answered);
            }
            catch
            {
                Codec.Release(answer);
                throw;
            }

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
                throw MapFailure.Of($"input {index}", exception);
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
        var pool = await start(settings => SettingsOf(settings, options)).ConfigureAwait(false);
        await using (pool.ConfigureAwait(false))
        {
            var calls = CallsOf(pool, options);
            var (read, answered) = (0L, 0L);
            var batches = OrderedMap.RunAsync(
                BatchesAsync(rows, options, cancellationToken),
                AnswerAsync,
                PrefetchOf(options, options.MostActors),
                batch => batch.Release(),
                options.IsOrdered,
                cancellationToken);
            await foreach (var batch in batches.ConfigureAwait(false))
            {
                var taken = 0;
                try
                {
                    Report(options, batch, ref answered);
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

    private static async IAsyncEnumerable<TIn[]> BatchesAsync<TIn>(
        IAsyncEnumerable<TIn> rows, MapBatchesOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var waiting = WaitingOf<TIn>(options);
        try
        {
            await foreach (var row in rows.WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                if (waiting.Add(row) == options.BatchSize)
                {
                    yield return waiting.Take();
                }
            }

            if (waiting.Take() is { Length: > 0 } last)
            {
                yield return last;
            }
        }
        finally
        {
            waiting.End();
        }
    }

    /// <summary>
    /// A stage of a stream that maps rows as <see cref="RowsAsync"/> does: each materialisation starts a pool with its first row, which
    /// ends with it.
    /// </summary>
    public static Flow<TIn, TOut, NotUsed> ToFlow<TIn, TOut>(
        Func<Func<PoolSettings, PoolSettings>, Task<ModelPool<IReadOnlyList<TIn>, IReadOnlyList<TOut>>>> start,
        MapBatchesOptions options) =>
        Akka.Streams.Dsl.Flow.Setup((_, _) => Stage(start, options)).MapMaterializedValue(_ => NotUsed.Instance);

    private static Flow<TIn, TOut, NotUsed> Stage<TIn, TOut>(
        Func<Func<PoolSettings, PoolSettings>, Task<ModelPool<IReadOnlyList<TIn>, IReadOnlyList<TOut>>>> start, MapBatchesOptions options)
    {
        // Fails the stream at once where the pool does not start: the rest of a batch may be long in coming.
        var failure = KillSwitches.Shared("start of the pool");
        var pool = new Lazy<Task<ModelPool<IReadOnlyList<TIn>, IReadOnlyList<TOut>>>>(StartAsync);
        var prefetch = PrefetchOf(options, options.MostActors);
        var stop = new CancellationTokenSource();
        var stopped = stop.Token;
        var unread = new UnreadAnswers<TOut>();
        var (read, answered) = (0L, 0L);
        Exception? refusal = null;
        // The stage that groups rows forgets those of no whole group where the stream fails.
        var waiting = WaitingOf<TIn>(options);
        var batches = Akka.Streams.Dsl.Flow.Create<TIn>().Select(row =>
        {
            var count = waiting.Add(row);
            // It starts while the first batch comes together.
            _ = pool.Value;
            return count;
        }).Via(failure.Flow<int>()).SelectError(Unwrapped).Grouped(options.BatchSize).Select(_ =>
        {
            var (batch, first) = (waiting.Take(), read);
            read += batch.Length;
            return (Rows: batch, First: first);
        });
        var answers = options.IsOrdered
            ? batches.SelectAsync(prefetch, AnswerAsync)
            : batches.SelectAsyncUnordered(prefetch, AnswerAsync);
        return answers.SelectMany(batch =>
        {
            Report(options, batch, ref answered);
            return unread.Take(batch);
        }).WatchTermination((materialised, end) =>
        {
            _ = end.ContinueWith(_ => EndAsync(), TaskScheduler.Default);
            return materialised;
        });

        async Task<ModelPool<IReadOnlyList<TIn>, IReadOnlyList<TOut>>> StartAsync()
        {
            try
            {
                return await start(settings => SettingsOf(settings, options)).ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                refusal = exception;
                failure.Abort(exception);
                throw;
            }
        }

        async Task<AnsweredRows<TOut>> AnswerAsync((TIn[] Rows, long First) batch)
        {
            RowCalls<TIn, TOut> calls;
            try
            {
                calls = CallsOf(await pool.Value.ConfigureAwait(false), options);
            }
            catch
            {
                Release(batch.Rows, options);
                throw;
            }

            return unread.Add(await calls.AnswerAsync(batch.Rows, batch.First, stopped).ConfigureAwait(false));
        }

        // The switch fails the stream with what holds it; an error of the source's own stays as it is, whatever that holds.
        Exception Unwrapped(Exception error) => refusal is not null && error.InnerException == refusal ? refusal : error;

        // Nobody waits for it; what goes wrong there is the host's to log.
        async Task EndAsync()
        {
            await stop.CancelAsync().ConfigureAwait(false);
            unread.End();
            waiting.End();
            if (pool.IsValueCreated)
            {
                // Also one that is not up yet. Why one did not start the stream was told.
                await ((Task)pool.Value).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (pool.Value.IsCompletedSuccessfully)
                {
                    await pool.Value.Result.DisposeAsync().ConfigureAwait(false);
                }
            }

            stop.Dispose();
        }
    }

    private static void Report<TOut>(MapBatchesOptions options, AnsweredRows<TOut> batch, ref long answered)
    {
        foreach (var (index, failure) in batch.Failed)
        {
            options.OnFailedRow!(new FailedRow(index, failure));
        }

        answered += batch.Rows;
        options.Progress?.Report(answered);
    }

    private static PoolSettings SettingsOf(PoolSettings settings, MapBatchesOptions options) => settings with
    {
        Size = options.Actors,
        // A call that fails has its place a moment longer than whoever tries its rows again.
        QueueCapacity = 2 * PrefetchOf(options, options.MostActors),
        Resizer = options.Resizer,
        Batching = null,
        IsUnnamed = true,
    };

    private static RowCalls<TIn, TOut> CallsOf<TIn, TOut>(
        ModelPool<IReadOnlyList<TIn>, IReadOnlyList<TOut>> pool, MapBatchesOptions options) =>
        new(
            pool.AskAsync, options.Call, skips: options.OnFailedRow is not null,
            new BatchRetry(
                pool.Actors.Telemetry.Model, options.Attempts, options.Deadline ?? pool.Actors.Settings.Deadline, "deadline"),
            Codec.Release, pool.Actors.Telemetry.Model);

    private static WaitingRows<TIn> WaitingOf<TIn>(MapBatchesOptions options) => new(rows => Release(rows, options));

    /// <summary>Releases rows that no call takes, where they are given away.</summary>
    private static void Release<TIn>(IReadOnlyList<TIn> rows, MapBatchesOptions options)
    {
        if (options.Ownership == ArgumentOwnership.Give)
        {
            Codec.Release(rows);
        }
    }

    private static int PrefetchOf(MapOptions options, int actors) => options.Prefetch ?? 2 * actors;
}
