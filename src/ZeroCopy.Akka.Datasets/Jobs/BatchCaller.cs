using System.Collections.Immutable;
using System.Diagnostics;
using ZeroCopy.Clocks;
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
    private readonly BatchRetry _retry = new(endpoint.Name, Attempts, options.Timeout, "--timeout");
    private readonly CallOptions _call = new() { Deadline = options.Timeout ?? Timeout.InfiniteTimeSpan };

    /// <summary>Answers a batch.</summary>
    /// <exception cref="DatasetException">A row failed and none may, or the model's answer is none for rows.</exception>
    /// <exception cref="InferenceException">The endpoint failed for no row's sake.</exception>
    public async Task<BatchResult> CallAsync(RowBatch batch, CancellationToken cancellationToken)
    {
        var answers = new List<RowChunk>();
        var failures = new List<FailedRow>();
        var faults = new string?[batch.Rows.Rows];
        foreach (var broken in batch.Rows.Broken)
        {
            faults[broken.Row] = broken.Reason;
        }

        await SolveOthersAsync(batch.Rows, [.. Enumerable.Range(0, batch.Rows.Rows)], faults).ConfigureAwait(false);
        return new BatchResult(
            batch, answers.Count == 0 ? null : RowChunk.Concat(answers), [.. failures.OrderBy(failed => failed.Row)]);

        // Of some rows, with their places in the batch.
        async Task SolveAsync(RowChunk rows, int[] places)
        {
            try
            {
                Add(rows, places, await AnswerAsync(rows, cancellationToken).ConfigureAwait(false));
            }
            catch (InferenceException failure) when (BatchRetry.MayBeOneRow(failure))
            {
                if (rows.Rows == 1)
                {
                    Fail(places[0], ReasonOf(failure));
                    return;
                }

                var half = rows.Rows / 2;
                await SolveAsync(rows.Slice(0, half), places[..half]).ConfigureAwait(false);
                await SolveAsync(rows.Slice(half, rows.Rows - half), places[half..]).ConfigureAwait(false);
            }
            catch (RowException failure)
            {
                var faults = options.SkipFailed ? binder.FindFaults(rows) : new string?[rows.Rows];
                faults[failure.Row] ??= failure.Message;
                await SolveOthersAsync(rows, places, faults).ConfigureAwait(false);
            }
        }

        // The rows without a fault are called together; where none may fail, those before the first that does.
        async Task SolveOthersAsync(RowChunk rows, int[] places, string?[] faults)
        {
            int[] others =
            [
                .. Enumerable.Range(0, rows.Rows).TakeWhile(row => options.SkipFailed || faults[row] is null)
                    .Where(row => faults[row] is null),
            ];
            if (others.Length > 0)
            {
                await SolveAsync(rows.Pick(others), [.. others.Select(row => places[row])]).ConfigureAwait(false);
            }

            for (var row = 0; row < rows.Rows; row++)
            {
                if (faults[row] is { } reason)
                {
                    Fail(places[row], reason);
                }
            }
        }

        // Rows with a not-a-number are taken out of the answer; the others keep theirs.
        void Add(RowChunk rows, int[] places, ImmutableArray<Column> outputs)
        {
            var from = 0;
            var all = new RowChunk([.. kept.Of(rows), .. outputs], rows.Rows);
            var columns = options.FailOnNaN ? AnswerColumns.FindNaN(outputs, rows.Rows) : [];
            for (var row = 0; row < columns.Length; row++)
            {
                if (columns[row] is { } column)
                {
                    Fail(places[row], $"the answer '{column}' has a NaN.");
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

    // The endpoint names its own settings for the deadline of a call.
    private string ReasonOf(InferenceException failure) =>
        failure.Failure is InferenceFailure.DeadlineExceeded && options.Timeout is { } limit
        ? $"'{endpoint.Name}' did not answer within the --timeout of {Durations.Text(limit)}; give it more time."
        : failure.Message;

    private Task<ImmutableArray<Column>> AnswerAsync(RowChunk rows, CancellationToken cancellationToken)
    {
        var inputs = binder.Bind(rows);
        return _retry.RunAsync(CallAsync, cancellationToken);

        async Task<ImmutableArray<Column>> CallAsync()
        {
            var startedAt = Stopwatch.GetTimestamp();
            using var answer = await endpoint.CallAsync(options.Method, inputs, _call, cancellationToken).ConfigureAwait(false);
            JobMeter.Called(endpoint.Name, rows.Rows, startedAt);
            return AnswerColumns.Of(answer, rows.Rows);
        }
    }
}
