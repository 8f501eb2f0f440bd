using System.Diagnostics;
using ZeroCopy.Errors;

namespace ZeroCopy.Batches;

/// <summary>Answers batches of rows. Where bad rows are skipped, a batch that fails is halved until the bad ones are alone.</summary>
/// <param name="ask">Asks the pool.</param>
/// <param name="options">How each call is made.</param>
/// <param name="skips">Whether a bad row is skipped; it fails its batch else.</param>
/// <param name="retry">Calls again where that may help.</param>
/// <param name="release">Releases a row or an answer that nobody takes.</param>
/// <param name="model">What metrics call the model.</param>
internal sealed class RowCalls<TIn, TOut>(
    Func<IReadOnlyList<TIn>, CallOptions, CancellationToken, Task<IReadOnlyList<TOut>>> ask,
    CallOptions options,
    bool skips,
    BatchRetry retry,
    Action<object?> release,
    string model)
{
    /// <summary>The answers to a batch.</summary>
    /// <param name="rows">The batch.</param>
    /// <param name="first">The place of its first row in the data set.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="InferenceException">The batch failed, and no row is to be skipped for that; the message says which
    /// rows.</exception>
    public async Task<AnsweredRows<TOut>> AnswerAsync(TIn[] rows, long first, CancellationToken cancellationToken)
    {
        var answered = await TryAsync(rows, first, cancellationToken).ConfigureAwait(false);
        MapMeter.Took(model, answered.Rows, answered.Failed.Count);
        return answered;
    }

    private async Task<AnsweredRows<TOut>> TryAsync(TIn[] rows, long first, CancellationToken cancellationToken)
    {
        if (!skips && !retry.MayCallAgain)
        {
            return Whole(rows.Length, await AskAsync(rows, first, options, cancellationToken).ConfigureAwait(false));
        }

        try
        {
            // Rows that are given away are wanted again where the batch fails.
            var kept = options with { Ownership = ArgumentOwnership.Keep };
            return skips
                ? await HalveAsync(rows, first, kept, cancellationToken).ConfigureAwait(false)
                : Whole(rows.Length, await AskAsync(rows, first, kept, cancellationToken).ConfigureAwait(false));
        }
        finally
        {
            if (options.Ownership == ArgumentOwnership.Give)
            {
                release(rows);
            }
        }
    }

    private async Task<AnsweredRows<TOut>> HalveAsync(
        ReadOnlyMemory<TIn> rows, long first, CallOptions call, CancellationToken cancellationToken)
    {
        try
        {
            return Whole(rows.Length, await AskAsync(rows.ToArray(), first, call, cancellationToken).ConfigureAwait(false));
        }
        catch (InferenceException exception) when (BatchRetry.MayBeOneRow(exception))
        {
            if (rows.Length == 1)
            {
                return new AnsweredRows<TOut>(1, [], [(first, exception)], release);
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
            return await retry.RunAsync(OnceAsync, cancellationToken).ConfigureAwait(false);
        }
        catch (InferenceException exception)
        {
            throw MapFailure.Of(rows.Length == 1 ? $"row {first}" : $"the batch of {rows.Length} rows from row {first}", exception);
        }

        async Task<IReadOnlyList<TOut>> OnceAsync()
        {
            var startedAt = Stopwatch.GetTimestamp();
            // Off the thread that computes: what follows is the consumer's own code.
            var answers = await ask(rows, call, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            MapMeter.Called(model, rows.Length, startedAt);
            return answers;
        }
    }

    private AnsweredRows<TOut> Whole(int rows, IReadOnlyList<TOut> answers) => new(rows, answers, [], release);
}
