using System.Collections.Immutable;
using ZeroCopy.Datasets.Formats;
using ZeroCopy.Endpoints;

namespace ZeroCopy.Datasets.Jobs;

/// <summary>Decides whether a job begins, goes on, or has been done.</summary>
internal static class JobStart
{
    /// <summary>What a job did that an earlier run has finished; null where there is something to do.</summary>
    /// <exception cref="DatasetException">The output is there, and is none of this job.</exception>
    public static async Task<JournalPart?> FindFinishedAsync(
        IModelEndpoint endpoint, JobFolder folder, JobPlan plan, CancellationToken cancellationToken)
    {
        var options = plan.Options;
        if (!File.Exists(folder.Output) || options.Force || (options.Resume && folder.HasJournal))
        {
            return null;
        }

        // After a job nothing is left but its output: it is known by its columns, by its number of rows, each of the dataset's or of the
        // list of the failed, and by the answers that it begins with.
        var failed = File.Exists(folder.FailedOutput) ? File.ReadLines(folder.FailedOutput).LongCount() : 0;
        var reader = await DatasetReader.OpenAsync([folder.Output], cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            var rows = await CountAsync(reader, cancellationToken).ConfigureAwait(false);
            var wanted = Math.Min(await CountAsync(plan.Reader, cancellationToken).ConfigureAwait(false), options.Limit ?? long.MaxValue);
            var missing = options.Keep.FirstOrDefault(name => reader.Columns.All(column => column.Name != name));
            var difference = missing is not null ? $"it has no column '{missing}'"
                : rows + failed != wanted ? $"it has {rows} rows, and the dataset {wanted}"
                : await OutputSample.FitsAsync(endpoint, options, cancellationToken).ConfigureAwait(false) ? null
                : "its first rows are others than the model answers";
            return difference is null
                ? JournalPart.Start with { NextRow = wanted, Rows = rows, Failed = failed }
                : throw new DatasetException($"'{options.Output}' is there and is not what this job makes: {difference}. Choose another "
                    + "--output, or replace it with --force.");
        }
    }

    private static async ValueTask<long> CountAsync(DatasetReader reader, CancellationToken cancellationToken) =>
        reader.RowCount ?? await reader.SkipAsync(long.MaxValue, cancellationToken).ConfigureAwait(false);

    /// <summary>The journal, at the last state that counts.</summary>
    /// <exception cref="DatasetException">The job to go on with is another one, or another process is at it.</exception>
    public static JobJournal OpenJournal(
        JobFolder folder, ImmutableArray<KeyValuePair<string, string>> identity, BatchJobOptions options)
    {
        Directory.CreateDirectory(folder.Root);
        var journal = JobJournal.Open(folder.Journal);
        try
        {
            if (!options.Resume || journal.Job.IsDefault)
            {
                journal.Begin(identity);
            }
            else if (JobIdentity.Difference(journal.Job, identity) is { } difference)
            {
                throw new DatasetException(
                    $"'{options.Output}' cannot be gone on with: {difference}. "
                    + "Give what it was begun with, or begin anew without --resume.");
            }

            return journal;
        }
        catch
        {
            journal.Dispose();
            throw;
        }
    }
}
