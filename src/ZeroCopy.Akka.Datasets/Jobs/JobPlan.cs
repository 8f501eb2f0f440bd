using System.Collections.Immutable;
using ZeroCopy.Datasets.Binding;
using ZeroCopy.Datasets.Formats;
using ZeroCopy.Datasets.Rows;
using ZeroCopy.Endpoints;

namespace ZeroCopy.Datasets.Jobs;

/// <summary>A job with everything found that its options name.</summary>
internal sealed class JobPlan : IAsyncDisposable
{
    private JobPlan(JobOrder order, DatasetReader reader, BindingPlan binding, BatchCaller caller)
    {
        Order = order;
        Reader = reader;
        Binding = binding;
        Caller = caller;
    }

    /// <summary>What was asked for.</summary>
    public JobOrder Order { get; }

    public BatchJobOptions Options => Order.Options;

    /// <summary>The dataset at its first row, of which the columns are read that the job needs.</summary>
    public DatasetReader Reader { get; }

    public BindingPlan Binding { get; }

    public BatchCaller Caller { get; }

    /// <summary>Rows to do; null where that is not known before all is read.</summary>
    public long? Total => Reader.RowCount is { } rows ? Math.Min(rows, Options.Limit ?? rows) : null;

    /// <summary>Share of the job that is done behind a batch, from 0 to 1: see <see cref="BatchProgress.Share"/>.</summary>
    public double ShareOf(RowBatch batch)
    {
        // Of the rows that a limit leaves it is the one end or the other that comes first.
        var end = (double)(batch.First + batch.Rows.Rows);
        return Total is { } total ? end / total : Math.Max(batch.ReadShare, Options.Limit is { } limit ? end / limit : 0);
    }

    /// <summary>Opens the dataset, which has the columns that the options name: what can be seen of it before there is a model.</summary>
    /// <exception cref="DatasetException">A column is not there, or a file is none of rows.</exception>
    public static async Task<DatasetReader> OpenAsync(
        BatchJobOptions options, IReadOnlyList<string> files, CancellationToken cancellationToken)
    {
        // It holds no file before rows are read.
        var reader = await DatasetReader.OpenAsync(files, cancellationToken).ConfigureAwait(false);
        List<string> columns = [.. ColumnChoices.Names(options.Binding.Columns, reader.Columns)];
        await reader.FindLateAsync(options.Keep.Concat(columns), options.Limit, cancellationToken).ConfigureAwait(false);
        foreach (var name in options.Keep)
        {
            _ = ColumnChoices.Require(name, reader.Columns, reader.Unread, " to keep");
        }

        if (reader.Columns.IsEmpty)
        {
            throw UnreadColumn.Refusal(reader.Unread, static _ => true) ?? NoRows(files);
        }

        foreach (var name in columns)
        {
            _ = ColumnChoices.Require(name, reader.Columns, reader.Unread);
        }

        return reader;
    }

    /// <summary>Reads the first rows, and those that say what types kept columns have.</summary>
    /// <param name="endpoint">The model.</param>
    /// <param name="order">What was asked for.</param>
    /// <param name="written">The output's columns where an earlier run has found them; else default.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="DatasetException">
    /// A column is not there, columns and inputs do not fit, or a batch is more than a call takes.
    /// </exception>
    public static async Task<JobPlan> CreateAsync(
        IModelEndpoint endpoint, JobOrder order, ImmutableArray<ColumnType> written, CancellationToken cancellationToken)
    {
        var (options, files) = (order.Options, order.Files);
        var reader = await OpenAsync(options, files, cancellationToken).ConfigureAwait(false);
        try
        {
            if (options.Binding.Columns.IsEmpty)
            {
                // A column that comes late goes to the input of its name as one does that is there from the first row.
                var named = order.Method.Inputs.Select(input => input.Name).Except(options.Binding.Masks.Keys);
                await reader.FindLateAsync(named, options.Limit, cancellationToken).ConfigureAwait(false);
            }

            var binding = BindingPlan.Create(order.Method, reader.Columns, reader.Unread, options.Keep, options.Binding);
            var bound = binding.Inputs.SelectMany(input => input.Columns).Select(column => column.Name);
            reader.Select([.. bound.Concat(options.Keep).Distinct()]);
            var first = await reader.PeekAsync(cancellationToken).ConfigureAwait(false)
                ?? throw NoRows(files);
            binding = await WithDepthsAsync(binding, reader, first, options.Limit, cancellationToken).ConfigureAwait(false);
            var binder = new TensorBinder(binding);
            var kept = written.IsDefault
                ? await KeptColumns.CreateAsync(options, reader, cancellationToken).ConfigureAwait(false)
                : KeptColumns.Of(written[..options.Keep.Length]);
            var plan = new JobPlan(order, reader, binding, new BatchCaller(endpoint, binder, kept, options));
            if (!options.SkipFailed)
            {
                CheckBatch(binder, first, Math.Min(options.BatchSize, plan.Total ?? 1));
            }

            return plan;
        }
        catch
        {
            await reader.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public ValueTask DisposeAsync() => Reader.DisposeAsync();

    /// <summary>Lists are as deep as those of the first row that has a value, wherever that is.</summary>
    private static async Task<BindingPlan> WithDepthsAsync(
        BindingPlan binding, DatasetReader reader, RowChunk first, long? limit, CancellationToken cancellationToken)
    {
        var values = binding.Untyped.ToDictionary(name => name, name => first.Find(name)!);
        var missing = values.Where(item => !HasValue(item.Value)).Select(item => item.Key).ToList();
        if (missing.Count > 0)
        {
            var further = reader.Again();
            await using (further.ConfigureAwait(false))
            {
                further.Select([.. missing]);
                for (var left = limit ?? long.MaxValue; left > 0 && missing.Count > 0;)
                {
                    if (await further.ReadAsync(cancellationToken).ConfigureAwait(false) is not { } chunk)
                    {
                        break;
                    }

                    foreach (var column in chunk.Columns.Where(HasValue).Where(column => missing.Remove(column.Type.Name)))
                    {
                        values[column.Type.Name] = column;
                    }

                    left -= chunk.Rows;
                }
            }
        }

        return binding.WithDepths(name => values[name]);

        static bool HasValue(Column column) => !Enumerable.Range(0, column.Rows).All(column.IsNull);
    }

    // Each row of numbers takes as much as the first one, or has failed; where rows are padded, all take at least as much.
    private static void CheckBatch(TensorBinder binder, RowChunk first, long rows)
    {
        try
        {
            foreach (var input in binder.Bind(first.Slice(0, 1)).Where(input => !input.IsText))
            {
                RowMemory.Check(input.Name, rows, rows * input.Data.Length);
            }
        }
        catch (RowException)
        {
            // It fails with its batch.
        }
    }

    private static DatasetException NoRows(IReadOnlyList<string> files) =>
        new($"'{files[0]}'{(files.Count > 1 ? $" and {files.Count - 1} more" : "")}: there are no rows.");
}
