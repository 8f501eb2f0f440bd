using ZeroCopy.Datasets.Formats;
using ZeroCopy.Datasets.Journal;

namespace ZeroCopy.Datasets.Jobs;

/// <summary>Decides whether a job begins, goes on, or has been done.</summary>
internal static class JobStart
{
    /// <summary>What a job did that its output says that it is of; null where there is no output that says so.</summary>
    /// <exception cref="DatasetException">The output is of another job.</exception>
    public static JournalPart? FindMarked(JobFolder folder, JobOrder order)
    {
        if (!MayBeFinished(folder, order.Options) || OutputMark.Read(folder.Output) is not { } mark
            || (mark.Failed > 0 && !File.Exists(folder.FailedOutput)))
        {
            return null;
        }

        return JobIdentity.Difference(mark.Job, order.Identity) is { } difference
            ? throw IsOfAnother(order.Options, difference)
            : JournalPart.Start with { NextRow = mark.NextRow, Rows = mark.Rows, Failed = mark.Failed };
    }

    /// <summary>What a job did that an earlier run has finished; null where there is something to do.</summary>
    /// <exception cref="DatasetException">The output is there, and is none of this job.</exception>
    public static async Task<JournalPart?> FindFinishedAsync(JobFolder folder, JobPlan plan, CancellationToken cancellationToken)
    {
        var options = plan.Options;
        if (!MayBeFinished(folder, options))
        {
            return null;
        }

        // An output that does not say whose it is, such as a copy: it is known by its columns, by its number of rows, each of the
        // dataset's or of the list of the failed, and by the answers that it begins with.
        var failed = File.Exists(folder.FailedOutput) ? File.ReadLines(folder.FailedOutput).LongCount() : 0;
        var reader = await DatasetReader.OpenAsync([folder.Output], cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            var rows = await CountAsync(reader, cancellationToken).ConfigureAwait(false);
            var wanted = Math.Min(await CountAsync(plan.Reader, cancellationToken).ConfigureAwait(false), options.Limit ?? long.MaxValue);
            var missing = options.Keep.FirstOrDefault(name => reader.Columns.All(column => column.Name != name));
            var difference = missing is not null ? $"it has no column '{missing}'"
                : rows + failed != wanted ? $"it has {rows} rows, and the dataset {wanted}"
                : await OutputSample.FitsAsync(plan, cancellationToken).ConfigureAwait(false) ? null
                : "its first rows are others than the model answers";
            return difference is null
                ? JournalPart.Start with { NextRow = wanted, Rows = rows, Failed = failed }
                : throw IsOfAnother(options, difference);
        }
    }

    /// <summary>The journal of an unfinished run to go on with; null where there is none.</summary>
    /// <exception cref="DatasetException">The job to go on with is another one, or another process is at it.</exception>
    public static JobJournal? FindJournal(JobFolder folder, JobOrder order)
    {
        if (!order.Options.Resume || !folder.HasJournal)
        {
            return null;
        }

        var journal = JobJournal.Open(folder.Journal);
        if (!journal.Job.IsDefault && JobIdentity.Difference(journal.Job, order.Identity) is { } difference)
        {
            journal.Dispose();
            throw new DatasetException(
                $"'{order.Options.Output}' cannot be gone on with: {difference}. "
                + "Give what it was begun with, or begin anew without --resume.");
        }

        return journal;
    }

    /// <summary>The journal of a job that begins, or goes on. It is of this job from now on: what refuses the job does so before.</summary>
    /// <param name="folder">The job's files.</param>
    /// <param name="order">The job.</param>
    /// <param name="unfinished">What <see cref="FindJournal"/> has found, which may say nothing.</param>
    /// <exception cref="DatasetException">Another process is at it.</exception>
    public static JobJournal BeginJournal(JobFolder folder, JobOrder order, JobJournal? unfinished = null)
    {
        if (unfinished is { Job.IsDefault: false })
        {
            return unfinished;
        }

        Directory.CreateDirectory(folder.Root);
        var journal = unfinished ?? JobJournal.Open(folder.Journal);
        try
        {
            journal.Begin(order.Identity);
            return journal;
        }
        catch
        {
            journal.Dispose();
            throw;
        }
    }

    private static bool MayBeFinished(JobFolder folder, BatchJobOptions options) =>
        File.Exists(folder.Output) && !options.Force && !(options.Resume && folder.HasJournal);

    private static DatasetException IsOfAnother(BatchJobOptions options, string difference) => new(
        $"'{options.Output}' is there and is not what this job makes: {difference}. Choose another --output, or replace it with --force.");

    private static async ValueTask<long> CountAsync(DatasetReader reader, CancellationToken cancellationToken) =>
        reader.RowCount ?? await reader.SkipAsync(long.MaxValue, cancellationToken).ConfigureAwait(false);
}
