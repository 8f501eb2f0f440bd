using ZeroCopy.Datasets.Formats;
using ZeroCopy.Datasets.Journal;
using ZeroCopy.Datasets.Rows;

namespace ZeroCopy.Datasets.Jobs;

/// <summary>
/// Tells a finished output of a job from one of another job with as many rows: the first batch that has an answer is answered once more,
/// and its rows must be those that the output begins with. Nothing else could tell, since a job leaves nothing but its output.
/// </summary>
internal static class OutputSample
{
    /// <summary>Whether an output begins with what the job makes of its first rows; the output is only read.</summary>
    public static async Task<bool> FitsAsync(JobPlan plan, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("zerocopy-batch-");
        try
        {
            var sample = Path.Combine(folder.FullName, "sample" + Path.GetExtension(plan.Options.Output));
            if (!await WriteAsync(plan, sample, cancellationToken).ConfigureAwait(false))
            {
                return false;
            }

            var expected = await FirstAsync(sample, int.MaxValue, cancellationToken).ConfigureAwait(false);
            var found = await FirstAsync(plan.Options.Output, expected.Rows, cancellationToken).ConfigureAwait(false);
            return expected.Rows == found.Rows && expected.Columns.Length == found.Columns.Length
                && expected.Columns.Zip(found.Columns).All(pair => pair.First.HasRowsOf(pair.Second));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    // False where no batch has an answer.
    private static async Task<bool> WriteAsync(JobPlan plan, string path, CancellationToken cancellationToken)
    {
        var (options, reader) = (plan.Options with { Output = path, Resume = false }, plan.Reader.Again());
        await using (reader.ConfigureAwait(false))
        {
            var source = new BatchSource(reader, options.BatchSize, 0, options.Limit);
            while (await source.NextAsync(cancellationToken).ConfigureAwait(false) is { } batch)
            {
                var result = await plan.Caller.CallAsync(batch, cancellationToken).ConfigureAwait(false);
                if (result.Answers is not null)
                {
                    var folder = new JobFolder(options.Output);
                    var output = await JobOutput.OpenAsync(
                        folder, JobStart.BeginJournal(folder, plan.Order), options.CommitInterval, cancellationToken)
                        .ConfigureAwait(false);
                    await using (output.ConfigureAwait(false))
                    {
                        await output.AppendAsync(result, cancellationToken).ConfigureAwait(false);
                        await output.FinishAsync(cancellationToken).ConfigureAwait(false);
                    }

                    return true;
                }
            }
        }

        return false;
    }

    private static async Task<RowChunk> FirstAsync(string path, int rows, CancellationToken cancellationToken)
    {
        var reader = await DatasetReader.OpenAsync([path], cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            var chunks = new List<RowChunk>();
            for (var left = rows; left > 0 && await reader.ReadAsync(cancellationToken).ConfigureAwait(false) is { } chunk;)
            {
                chunks.Add(chunk.Slice(0, Math.Min(chunk.Rows, left)));
                left -= chunks[^1].Rows;
            }

            return chunks.Count == 0 ? new RowChunk([], 0) : RowChunk.Concat(chunks);
        }
    }
}
