using System.Threading.Channels;

namespace ZeroCopy.Datasets.Jobs;

/// <summary>
/// Reads batches, calls with several of them at a time, and hands the results out in order. What is on its way is bounded in batches and in
/// bytes, also those of answers that wait to be written: while calls run, the next batches are read, so that a large piece of a file is
/// decoded while the one before it is computed.
/// </summary>
internal sealed class BatchPipeline(BatchSource source, BatchCaller caller, BatchJobOptions options)
{
    // Results wait here for the one before them, and for the writer.
    private const int ResultsPerCall = 4;
    private const int BatchesAhead = 4096;
    private readonly SemaphoreSlim _calls = new(options.CallsInFlight);
    private readonly ByteBudget _budget = new(options.MaxBytesInFlight);
    private readonly Channel<RowBatch> _batches = Channel.CreateBounded<RowBatch>(
        new BoundedChannelOptions(BatchesAhead) { SingleReader = true, SingleWriter = true });

    private readonly Channel<Task<BatchResult>> _results = Channel.CreateBounded<Task<BatchResult>>(
        new BoundedChannelOptions(options.CallsInFlight * ResultsPerCall) { SingleReader = true, SingleWriter = true });

    /// <summary>Runs until all rows are handed out.</summary>
    /// <param name="take">Takes the results, one after the other, in order.</param>
    /// <param name="stop">Ends the reading: the calls that run are still answered and handed out.</param>
    /// <exception cref="Exception">The first that reading, a call or <paramref name="take"/> threw; all before it was handed
    /// out.</exception>
    public async Task RunAsync(Func<BatchResult, ValueTask> take, CancellationToken stop)
    {
        using var abandon = new CancellationTokenSource();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, abandon.Token);
        var reading = Task.Run(() => ReadAsync(either.Token), CancellationToken.None);
        var calling = Task.Run(() => CallAllAsync(either.Token, abandon.Token), CancellationToken.None);
        try
        {
            await foreach (var call in _results.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
            {
                var result = await call.ConfigureAwait(false);
                await take(result).ConfigureAwait(false);
                _budget.Return(result.Batch.Rows.ByteLength, AnswerBytes(result));
            }
        }
        finally
        {
            await abandon.CancelAsync().ConfigureAwait(false);
            await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await calling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await DrainAsync().ConfigureAwait(false);
            _calls.Dispose();
        }
    }

    private static long AnswerBytes(BatchResult result) => result.Answers?.ByteLength ?? 0;

    private async Task ReadAsync(CancellationToken end)
    {
        try
        {
            while (await source.NextAsync(end).ConfigureAwait(false) is { } batch)
            {
                await _budget.TakeAsync(batch.Rows.ByteLength, end).ConfigureAwait(false);
                await _batches.Writer.WriteAsync(batch, end).ConfigureAwait(false);
            }

            _batches.Writer.Complete();
        }
        catch (Exception error)
        {
            // After what was read before it.
            _batches.Writer.Complete(error);
        }
    }

    private async Task CallAllAsync(CancellationToken end, CancellationToken abandon)
    {
        try
        {
            await foreach (var batch in _batches.Reader.ReadAllAsync(end).ConfigureAwait(false))
            {
                await _calls.WaitAsync(end).ConfigureAwait(false);
                await _budget.CallAsync(end).ConfigureAwait(false);
                var call = Task.Run(() => CallAsync(batch, abandon), CancellationToken.None);
                try
                {
                    await _results.Writer.WriteAsync(call, abandon).ConfigureAwait(false);
                }
                catch
                {
                    // Nobody finds it among the results.
                    await ((Task)call).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    throw;
                }
            }

            _results.Writer.Complete();
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            _results.Writer.Complete();
        }
        catch (Exception error)
        {
            _results.Writer.Complete(error);
        }
    }

    private async Task<BatchResult> CallAsync(RowBatch batch, CancellationToken abandon)
    {
        try
        {
            var result = await caller.CallAsync(batch, abandon).ConfigureAwait(false);
            _budget.Add(AnswerBytes(result));
            return result;
        }
        finally
        {
            _calls.Release();
        }
    }

    // After an end before the end: nothing runs on that uses what the job is about to give back.
    private async Task DrainAsync()
    {
        while (_results.Reader.TryRead(out var call))
        {
            await ((Task)call).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
