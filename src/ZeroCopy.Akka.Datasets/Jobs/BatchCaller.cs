using System.Collections.Immutable;
using System.Diagnostics;
using ZeroCopy.Datasets.Binding;
using ZeroCopy.Datasets.Rows;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;

namespace ZeroCopy.Datasets.Jobs;

/// <summary>
/// Sends batches through an endpoint. Where a call fails for what may be one of its rows, the batch is halved until that row is alone, so
/// that its neighbours get their answers. Thread-safe.
/// </summary>
internal sealed class BatchCaller(IModelEndpoint endpoint, TensorBinder binder, KeptColumns kept, BatchJobOptions options)
{
    private const int Attempts = 3;
    private const int MostTurns = 30;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private readonly CallOptions _call = new() { Deadline = options.Timeout ?? Timeout.InfiniteTimeSpan };

    /// <summary>Answers a batch.</summary>
    /// <exception cref="DatasetException">A row failed and none may, or the model's answer is none for rows.</exception>
    /// <exception cref="InferenceException">The endpoint failed for no row's sake.</exception>
    public async Task<BatchResult> CallAsync(RowBatch batch, CancellationToken cancellationToken)
    {
        var answers = new List<RowChunk>();
        var failures = ImmutableArray.CreateBuilder<FailedRow>();
        var from = 0;
        foreach (var broken in batch.Rows.Broken)
        {
            await SolveAsync(from, broken.Row - from).ConfigureAwait(false);
            Fail(broken.Row, broken.Reason);
            from = broken.Row + 1;
        }

        await SolveAsync(from, batch.Rows.Rows - from).ConfigureAwait(false);
        return new BatchResult(batch, answers.Count == 0 ? null : RowChunk.Concat(answers), failures.ToImmutable());

        async Task SolveAsync(int start, int count)
        {
            while (count > 0)
            {
                var rows = batch.Rows.Slice(start, count);
                RowException failed;
                try
                {
                    Add(rows, start, await AnswerAsync(rows, cancellationToken).ConfigureAwait(false));
                    return;
                }
                catch (InferenceException failure) when (MayBeOneRow(failure.Failure))
                {
                    if (count > 1)
                    {
                        await SolveAsync(start, count / 2).ConfigureAwait(false);
                        (start, count) = (start + count / 2, count - count / 2);
                        continue;
                    }

                    failed = new RowException(0, failure.Message);
                }
                catch (RowException failure)
                {
                    failed = failure;
                }

                await SolveAsync(start, failed.Row).ConfigureAwait(false);
                Fail(start + failed.Row, failed.Message);
                (start, count) = (start + failed.Row + 1, count - failed.Row - 1);
            }
        }

        // Rows with a not-a-number are taken out of the answer; the others keep theirs.
        void Add(RowChunk rows, int start, ImmutableArray<Column> outputs)
        {
            var from = 0;
            var all = new RowChunk([.. kept.Of(rows), .. outputs], rows.Rows);
            var columns = options.FailOnNaN ? AnswerColumns.FindNaN(outputs, rows.Rows) : [];
            for (var row = 0; row < columns.Length; row++)
            {
                if (columns[row] is { } column)
                {
                    Fail(start + row, $"the answer '{column}' has a NaN.");
                    Keep(all, from, row - from);
                    from = row + 1;
                }
            }

            Keep(all, from, rows.Rows - from);
        }

        void Keep(RowChunk all, int start, int count)
        {
            if (count == 0)
            {
                return;
            }

            if (answers.Count > 0
                && !answers[0].Columns.Select(column => column.Type).SequenceEqual(all.Columns.Select(column => column.Type)))
            {
                throw new DatasetException($"The model's answers for the rows from {batch.First} to {batch.First + batch.Rows.Rows} "
                    + "differ in columns or types.");
            }

            answers.Add(all.Slice(start, count));
        }

        void Fail(int row, string reason)
        {
            var (file, inFile) = batch.Rows.Locate(row);
            var failed = new FailedRow(batch.First + row, file, inFile, reason);
            if (!options.SkipFailed)
            {
                throw new DatasetException($"{failed.ToString().TrimEnd('.')}. --on-error skip leaves such rows out.");
            }

            failures.Add(failed);
        }
    }

    private static bool MayBeOneRow(InferenceFailure failure) => failure is InferenceFailure.ModelError or InferenceFailure.InvalidInput
        or InferenceFailure.DeadlineExceeded or InferenceFailure.ActorCrashed or InferenceFailure.MessageTooLarge;

    private static bool MayPass(InferenceFailure failure) =>
        failure is InferenceFailure.Overloaded or InferenceFailure.Unreachable or InferenceFailure.ActorCrashed;

    // The model may compute on for a row that was given up, and what is behind it has its time used up by that. A row is blamed for nine
    // tenths of the time at least.
    private bool HasWaited(InferenceException failure) =>
        failure.Failure == InferenceFailure.DeadlineExceeded && failure.Waited > options.Timeout / 10;

    private async Task<ImmutableArray<Column>> AnswerAsync(RowChunk rows, CancellationToken cancellationToken)
    {
        var inputs = binder.Bind(rows);
        var (attempts, turns) = (0, 0);
        while (true)
        {
            try
            {
                var startedAt = Stopwatch.GetTimestamp();
                using var answer = await endpoint.CallAsync(options.Method, inputs, _call, cancellationToken).ConfigureAwait(false);
                JobMeter.Called(endpoint.Name, rows.Rows, startedAt);
                return AnswerColumns.Of(answer, rows.Rows);
            }
            catch (InferenceException failure) when (HasWaited(failure))
            {
                if (++turns == MostTurns)
                {
                    // For none of its rows: it has not been their turn.
                    throw new InferenceException(
                        InferenceFailure.Overloaded,
                        $"'{endpoint.Name}' had no turn for a call in {MostTurns} times the --timeout of {options.Timeout?.TotalSeconds} "
                        + "seconds: it loads its model, or computes for a row that takes far longer. Give more time, or have more actors.",
                        failure);
                }
            }
            catch (InferenceException failure) when (++attempts < Attempts && MayPass(failure.Failure))
            {
                // Another actor or node may have it.
                await Task.Delay(FirstPause * attempts, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
