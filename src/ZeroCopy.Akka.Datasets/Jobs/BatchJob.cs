using System.Diagnostics;
using ZeroCopy.Datasets.Formats.JsonLines;
using ZeroCopy.Datasets.Journal;
using ZeroCopy.Endpoints;

namespace ZeroCopy.Datasets.Jobs;

/// <summary>
/// Sends the rows of a dataset through an endpoint, batch by batch, and writes the answers in the rows' order: each row exactly once, in a
/// file that appears when all are done. A run that is broken off can be gone on with, and makes the same file, byte for byte, as one that
/// was not.
/// </summary>
public static class BatchJob
{
    private const int PreviewRows = 5;

    /// <summary>Runs a job.</summary>
    /// <param name="endpoint">The model.</param>
    /// <param name="options">What to read, call and write.</param>
    /// <param name="progress">Hears after each batch; may be null.</param>
    /// <param name="cancellationToken">
    /// Ends the reading; the rows that were read are answered and written, and a later run with <see cref="BatchJobOptions.Resume"/> goes
    /// on behind them.
    /// </param>
    /// <exception cref="DatasetException">
    /// Something about the input, the options or the output is not as it must be; the message says what. What was written before can be
    /// gone on with.
    /// </exception>
    /// <exception cref="Errors.InferenceException">The endpoint failed, and for no row's sake.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled before all rows were done.</exception>
    public static async Task<BatchReport> RunAsync(
        IModelEndpoint endpoint, BatchJobOptions options, IProgress<BatchProgress>? progress = null, CancellationToken cancellationToken =
            default)
    {
        var start = Stopwatch.GetTimestamp();
        var order = await JobOrder.CreateAsync(endpoint, options, writes: true, cancellationToken).ConfigureAwait(false);
        var folder = new JobFolder(options.Output);
        if (JobStart.FindMarked(folder, order) is { } marked)
        {
            folder.DeleteIfEmpty();
            return Report(options, marked, marked, marked.NextRow, start);
        }

        // Held from here on: no other run comes between.
        using var unfinished = JobStart.FindJournal(folder, order);
        var plan = await JobPlan.CreateAsync(endpoint, order, unfinished?.Columns ?? default, cancellationToken).ConfigureAwait(false);
        await using (plan.ConfigureAwait(false))
        {
            if (await JobStart.FindFinishedAsync(folder, plan, cancellationToken).ConfigureAwait(false) is { } done)
            {
                folder.DeleteIfEmpty();
                return Report(options, done, done, done.NextRow, start);
            }

            JobOutput? output = null;
            try
            {
                using var journal = JobStart.BeginJournal(folder, order, unfinished);
                if (journal.Finished is { } finished && JobEnd.HasAppeared(folder, finished))
                {
                    // All that was left to do was to tidy up. An output that has not appeared is made again of the last state that
                    // verifies.
                    JobEnd.Publish(folder, finished);
                    return Report(options, finished.Part, finished.Part, finished.Part.NextRow, start);
                }

                output = await JobOutput.OpenAsync(folder, journal, options.CommitInterval, cancellationToken).ConfigureAwait(false);
                await using (output.ConfigureAwait(false))
                {
                    return await RunAsync(endpoint.Name, plan, output, start, progress, cancellationToken).ConfigureAwait(false);
                }
            }
            catch (IOException error) when (IsDiskFull(error))
            {
                var committed = output?.Committed ?? unfinished?.Parts.LastOrDefault() ?? JournalPart.Start;
                throw new DatasetException(
                    $"The disk of '{options.Output}' is full after {committed.NextRow} rows; make room, and go on with --resume.", error);
            }
        }
    }

    /// <summary>Answers the first batch, and writes nothing.</summary>
    /// <exception cref="DatasetException">Something about the input or the options is not as it must be, or a row failed and none
    /// may.</exception>
    /// <exception cref="Errors.InferenceException">The endpoint failed, and for no row's sake.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static async Task<BatchPreview> PreviewAsync(
        IModelEndpoint endpoint, BatchJobOptions options, CancellationToken cancellationToken = default)
    {
        var order = await JobOrder.CreateAsync(endpoint, options, writes: false, cancellationToken).ConfigureAwait(false);
        var plan = await JobPlan.CreateAsync(endpoint, order, default, cancellationToken).ConfigureAwait(false);
        await using (plan.ConfigureAwait(false))
        {
            var source = new BatchSource(plan.Reader, options.BatchSize, 0, options.Limit);
            var batch = await source.NextAsync(cancellationToken).ConfigureAwait(false);
            var result = await plan.Caller.CallAsync(batch!, cancellationToken).ConfigureAwait(false);
            return new BatchPreview(
                [.. plan.Binding.Inputs.Select(input => input.ToString())],
                [.. (result.Answers?.Columns ?? []).Select(column => $"{column.Type.Name}: {column.Type}")],
                [.. result.Answers is { } answers ? JsonLinesWriter.Lines(answers.Slice(0, Math.Min(PreviewRows, answers.Rows))) : []],
                result.Failures.Length,
                [.. result.Failures.Take(PreviewRows).Select(failed => failed.ToString())]);
        }
    }

    private static async Task<BatchReport> RunAsync(
        string model, JobPlan plan, JobOutput output, long start, IProgress<BatchProgress>? progress, CancellationToken cancellationToken)
    {
        var (options, resumedAt, before) = (plan.Options, output.State.NextRow, output.State);
        await plan.Reader.SkipAsync(resumedAt, cancellationToken).ConfigureAwait(false);
        var source = new BatchSource(plan.Reader, options.BatchSize, resumedAt, options.Limit);
        try
        {
            await new BatchPipeline(source, plan.Caller, options).RunAsync(TakeAsync, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            // Whatever ended it: what is written counts.
            await output.CommitAsync(CancellationToken.None).ConfigureAwait(false);
        }

        cancellationToken.ThrowIfCancellationRequested();
        await output.FinishAsync(cancellationToken).ConfigureAwait(false);
        return Report(options, before, output.State, resumedAt, start);

        async ValueTask TakeAsync(BatchResult result)
        {
            await output.AppendAsync(result, CancellationToken.None).ConfigureAwait(false);
            JobMeter.Took(model, result);
            progress?.Report(new BatchProgress(output.State.NextRow, output.State.Failed, plan.Total, resumedAt)
            {
                Share = plan.ShareOf(result.Batch),
            });
        }
    }

    private static BatchReport Report(BatchJobOptions options, JournalPart before, JournalPart after, long resumedAt, long start)
    {
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return new BatchReport(
            after.Rows, after.Failed, seconds, (after.Rows - before.Rows) / Math.Max(seconds, 1e-9), resumedAt, options.Output,
            after.Failed > 0 ? options.Output + JobFolder.FailedExtension : null);
    }

    // ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL of Windows, elsewhere ENOSPC and EDQUOT.
    private static bool IsDiskFull(IOException error) => (error.HResult & 0xFFFF) is var code
        && (OperatingSystem.IsWindows() ? code is 112 or 39 : code == 28 || code == (OperatingSystem.IsMacOS() ? 69 : 122));
}
