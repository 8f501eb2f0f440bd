using System.Collections.Immutable;
using ZeroCopy.Datasets.Binding;
using ZeroCopy.Datasets.Formats;
using ZeroCopy.Datasets.Rows;
using ZeroCopy.Endpoints;

namespace ZeroCopy.Datasets.Jobs;

/// <summary>A job with everything found that its options name.</summary>
internal sealed class JobPlan : IAsyncDisposable
{
    private JobPlan(
        BatchJobOptions options, DatasetReader reader, BindingPlan binding, BatchCaller caller,
        ImmutableArray<KeyValuePair<string, string>> identity)
    {
        Options = options;
        Reader = reader;
        Binding = binding;
        Caller = caller;
        Identity = identity;
    }

    public BatchJobOptions Options { get; }

    /// <summary>The dataset at its first row, of which the columns are read that the job needs.</summary>
    public DatasetReader Reader { get; }

    public BindingPlan Binding { get; }

    public BatchCaller Caller { get; }

    /// <summary>What a later run of the job must find again.</summary>
    public ImmutableArray<KeyValuePair<string, string>> Identity { get; }

    /// <summary>Rows to do; null where that is not known before all is read.</summary>
    public long? Total => Reader.RowCount is { } rows ? Math.Min(rows, Options.Limit ?? rows) : null;

    /// <exception cref="DatasetException">An option is out of its range, a file or column is not there, or columns and inputs do not
    /// fit.</exception>
    public static async Task<JobPlan> CreateAsync(IModelEndpoint endpoint, BatchJobOptions options, CancellationToken cancellationToken)
    {
        var files = OptionCheck.Run(options);
        var format = DatasetFormats.Of(options.Output);
        var signature = await endpoint.GetSignatureAsync(cancellationToken).ConfigureAwait(false);
        var method = signature.Find(options.Method) ?? throw new DatasetException(
            $"'{endpoint.Name}' has no method '{options.Method}'. "
            + $"{NearestName.Hint(options.Method, [.. signature.Methods.Select(known => known.Name)])}");
        // Before anything is read: what changes from then on is seen.
        var identity = JobIdentity.Of(options, endpoint.Name, files);
        var reader = await DatasetReader.OpenAsync(files, cancellationToken).ConfigureAwait(false);
        try
        {
            foreach (var name in options.Keep.Where(name => reader.Columns.All(column => column.Name != name)))
            {
                throw UnreadColumn.Refusal(reader.Unread, name.Equals) ?? new DatasetException(
                    $"The dataset has no column '{name}' to keep. "
                    + $"{NearestName.Hint(name, [.. reader.Columns.Select(column => column.Name)])}");
            }

            if (reader.Columns.IsEmpty)
            {
                throw UnreadColumn.Refusal(reader.Unread, static _ => true) ?? NoRows(files);
            }

            var binding = BindingPlan.Create(method, reader.Columns, reader.Unread, options.Keep, options.Binding);
            var bound = binding.Inputs.SelectMany(input => input.Columns).Select(column => column.Name);
            reader.Select([.. bound.Concat(options.Keep).Distinct()]);
            var first = await reader.PeekAsync(cancellationToken).ConfigureAwait(false)
                ?? throw NoRows(files);
            binding = binding.WithDepths(first);
            var kept = await KeptColumns.CreateAsync(options, format, reader.Columns, files, cancellationToken).ConfigureAwait(false);
            var caller = new BatchCaller(endpoint, new TensorBinder(binding), kept, options);
            return new JobPlan(options, reader, binding, caller, identity);
        }
        catch
        {
            await reader.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public ValueTask DisposeAsync() => Reader.DisposeAsync();

    private static DatasetException NoRows(IReadOnlyList<string> files) =>
        new($"'{files[0]}'{(files.Count > 1 ? $" and {files.Count - 1} more" : "")}: there are no rows.");
}
