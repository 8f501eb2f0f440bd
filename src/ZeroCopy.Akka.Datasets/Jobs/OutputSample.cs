using ZeroCopy.Datasets.Formats;
using ZeroCopy.Datasets.Rows;
using ZeroCopy.Endpoints;

namespace ZeroCopy.Datasets.Jobs;

/// <summary>
/// Tells a finished output of a job from one of another job with as many rows: the first batch is answered once more, and its rows must be
/// those that the output begins with. Nothing else could tell, since a job leaves nothing but its output.
/// </summary>
internal static class OutputSample
{
    /// <summary>Whether an output begins with what the job makes of its first rows; the output is only read.</summary>
    public static async Task<bool> FitsAsync(IModelEndpoint endpoint, BatchJobOptions options, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("zerocopy-batch-");
        try
        {
            var sample = options with
            {
                Output = Path.Combine(folder.FullName, "sample" + Path.GetExtension(options.Output)),
                Limit = Math.Min(options.BatchSize, options.Limit ?? options.BatchSize),
                Resume = false,
            };
            await BatchJob.RunAsync(endpoint, sample, null, cancellationToken).ConfigureAwait(false);
            var expected = await FirstAsync(sample.Output, int.MaxValue, cancellationToken).ConfigureAwait(false);
            var found = await FirstAsync(options.Output, expected.Rows, cancellationToken).ConfigureAwait(false);
            return expected.Rows == found.Rows && expected.Columns.Length == found.Columns.Length
                && expected.Columns.Zip(found.Columns).All(pair => pair.First.HasRowsOf(pair.Second));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
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
