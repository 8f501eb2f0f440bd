using ZeroCopy.Actors.Calls;
using ZeroCopy.Errors;

namespace ZeroCopy.Batches;

/// <summary>Answers batches of rows. Where bad rows are skipped, a batch that fails is halved until the bad ones are alone.</summary>
internal sealed class RowCalls<TIn, TOut>(ModelPool<IReadOnlyList<TIn>, IReadOnlyList<TOut>> pool, MapBatchesOptions options, Action<object?> release)
{
    /// <summary>The answers to a batch.</summary>
    /// <param name="rows">The batch.</param>
    /// <param name="first">The place of its first row in the data set.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="InferenceException">The batch failed, and no row is to be skipped for that; the message says which
    /// rows.</exception>
    public async Task<AnsweredRows<TOut>> AnswerAsync(TIn[] rows, long first, CancellationToken cancellationToken)
    {
        if (options.OnFailedRow is null)
        {
            return Whole(rows.Length, await AskAsync(rows, first, options.Call, cancellationToken).ConfigureAwait(false));
        }

        try
        {
            // Rows that are given away are wanted again where the batch fails.
            return await HalveAsync(rows, first, options.Call with { Ownership = ArgumentOwnership.Keep }, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            if (options.Ownership == ArgumentOwnership.Give)
            {
                release(rows);
            }
        }
    }

    private async Task<AnsweredRows<TOut>> HalveAsync(ReadOnlyMemory<TIn> rows, long first, CallOptions call, CancellationToken cancellationToken)
    {
        try
        {
            return Whole(rows.Length, await AskAsync(rows.ToArray(), first, call, cancellationToken).ConfigureAwait(false));
        }
        catch (InferenceException exception) when (exception.Failure is InferenceFailure.ModelError or InferenceFailure.InvalidInput)
        {
            if (rows.Length == 1)
            {
                return new AnsweredRows<TOut>(1, [], [new FailedRow(first, exception)], release);
            }
        }

        var half = rows.Length / 2;
        var left = await HalveAsync(rows[..half], first, call, cancellationToken).ConfigureAwait(false);
        try
        {
            var right = await HalveAsync(rows[half..], first + half, call, cancellationToken).ConfigureAwait(false);
            return new AnsweredRows<TOut>(rows.Length, [.. left.Answers, .. right.Answers], [.. left.Failed, .. right.Failed], release);
        }
        catch
        {
            left.Release();
            throw;
        }
    }

    private async Task<IReadOnlyList<TOut>> AskAsync(TIn[] rows, long first, CallOptions call, CancellationToken cancellationToken)
    {
        try
        {
            // Off the thread that computes: what follows is the consumer's own code.
            return await pool.AskAsync(rows, call, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        }
        catch (InferenceException exception)
        {
            throw PoolMap.Failed(rows.Length == 1 ? $"row {first}" : $"the batch of {rows.Length} rows from row {first}", exception);
        }
    }

    private AnsweredRows<TOut> Whole(int rows, IReadOnlyList<TOut> answers) => new(rows, answers, [], release);
}
