using System.Collections.Immutable;
using ZeroCopy.Datasets.Rows;

namespace ZeroCopy.Datasets.Formats;

/// <summary>Several files as one dataset: the rows of the first, then those of the second, and so on. Not thread-safe.</summary>
internal sealed class DatasetReader : IAsyncDisposable
{
    private readonly IReadOnlyList<string> _files;
    private readonly ImmutableArray<long> _bytes;
    private IReadOnlyList<string> _selected;
    private IRowReader? _reader;
    private RowChunk? _peeked;
    private int _next;
    private long _closedBytes;
    private bool _hasAllColumns = true;

    private DatasetReader(
        IReadOnlyList<string> files, ImmutableArray<ColumnType> columns, IEnumerable<UnreadColumn> unread, long? rows)
    {
        _files = files;
        Columns = columns;
        Unread = [.. unread.DistinctBy(column => column.Name)];
        RowCount = rows;
        _selected = [.. columns.Select(column => column.Name)];
        _bytes = [.. files.Select(Length)];
    }

    /// <summary>The columns that all files have.</summary>
    public ImmutableArray<ColumnType> Columns { get; private set; }

    /// <summary>Other columns of the files.</summary>
    public ImmutableArray<UnreadColumn> Unread { get; }

    /// <summary>Number of rows of all files; null where it is not known before all is read.</summary>
    public long? RowCount { get; }

    /// <summary>Opens every file once to see that they fit together.</summary>
    /// <exception cref="DatasetException">A file is not what its extension says, or has other columns than the first.</exception>
    public static async Task<DatasetReader> OpenAsync(IReadOnlyList<string> files, CancellationToken cancellationToken)
    {
        ImmutableArray<ColumnType> columns = [];
        var unread = new List<UnreadColumn>();
        long? rows = 0;
        var hasAllColumns = true;
        foreach (var file in files)
        {
            var reader = await DatasetFormats.OpenReaderAsync(file, cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                columns = columns.IsEmpty && unread.Count == 0 ? reader.Columns : Merge(columns, files[0], reader, file, unread);
                unread.AddRange(reader.Unread);
                rows += reader.RowCount;
                hasAllColumns &= reader.HasAllColumns;
            }
        }

        return new DatasetReader(files, columns, unread, rows) { _hasAllColumns = hasAllColumns };
    }

    /// <summary>Share of the files' bytes that is read, from 0 to 1.</summary>
    public double ReadShare => (_closedBytes + (_reader is null ? 0 : _reader.ReadShare * _bytes[_next - 1])) / Math.Max(1, _bytes.Sum());

    /// <summary>
    /// Adds columns of JSON Lines that no row of the first mebibyte has, where there may be such. All rows are read for that, unless they
    /// are found before.
    /// </summary>
    /// <param name="names">Those that are wanted.</param>
    /// <param name="limit">How many rows count; null for all.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task FindLateAsync(IEnumerable<string> names, long? limit, CancellationToken cancellationToken)
    {
        var missing = names.Except(Columns.Select(column => column.Name)).ToList();
        if (_hasAllColumns || missing.Count == 0)
        {
            return;
        }

        var reader = Again();
        await using (reader.ConfigureAwait(false))
        {
            reader.Select([.. missing]);
            for (var left = limit ?? long.MaxValue; left > 0 && missing.Count > 0;)
            {
                if (await reader.ReadAsync(cancellationToken).ConfigureAwait(false) is not { } chunk)
                {
                    break;
                }

                var rows = (int)Math.Min(left, chunk.Rows);
                var found = chunk.Columns.Where(column => !Enumerable.Range(0, rows).All(column.IsNull))
                    .Select(column => column.Type).Where(type => missing.Remove(type.Name)).ToList();
                Columns = Columns.AddRange(found);
                left -= rows;
            }
        }
    }

    /// <summary>The same dataset at its first row, for another reader of the same columns.</summary>
    public DatasetReader Again() => new(_files, Columns, Unread, RowCount) { _selected = _selected };

    /// <summary>Says which columns are read. Before the first read.</summary>
    public void Select(IReadOnlyList<string> names) => _selected = names;

    /// <summary>The next rows, which the next read returns again; null after the last.</summary>
    public async ValueTask<RowChunk?> PeekAsync(CancellationToken cancellationToken) =>
        _peeked ??= await ReadAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>The next rows of a file; null after the last of the last.</summary>
    public async ValueTask<RowChunk?> ReadAsync(CancellationToken cancellationToken)
    {
        if (_peeked is { } peeked)
        {
            _peeked = null;
            return peeked;
        }

        while (_reader is not null || await OpenNextAsync(cancellationToken).ConfigureAwait(false))
        {
            if (await _reader!.ReadAsync(cancellationToken).ConfigureAwait(false) is { } rows)
            {
                return rows;
            }

            await CloseAsync().ConfigureAwait(false);
        }

        return null;
    }

    /// <summary>Passes over rows.</summary>
    /// <returns>How many there were, where they are fewer than asked for.</returns>
    public async ValueTask<long> SkipAsync(long rows, CancellationToken cancellationToken)
    {
        var left = rows;
        while (left > 0)
        {
            if (_peeked is null && (_reader is not null || await OpenNextAsync(cancellationToken).ConfigureAwait(false)))
            {
                left -= _reader!.Skip(left);
            }

            if (left == 0 || await ReadAsync(cancellationToken).ConfigureAwait(false) is not { } chunk)
            {
                break;
            }

            if (chunk.Rows > left)
            {
                _peeked = chunk.Slice((int)left, chunk.Rows - (int)left);
                left = 0;
                break;
            }

            left -= chunk.Rows;
        }

        return rows - left;
    }

    public ValueTask DisposeAsync() => CloseAsync();

    private static ImmutableArray<ColumnType> Merge(
        ImmutableArray<ColumnType> columns, string first, IRowReader reader, string file, List<UnreadColumn> unread)
    {
        // Rows of JSON name their columns themselves, and may leave any of them out.
        var isJson = DatasetFormats.Of(file) == DatasetFormat.JsonLines;
        var others = reader.Columns;
        var merged = columns.ToBuilder();
        for (var i = merged.Count - 1; i >= 0; i--)
        {
            var column = merged[i];
            var other = others.FirstOrDefault(candidate => candidate.Name == column.Name);
            if (other is null && isJson && column.Kind == ElementKind.Json)
            {
                continue;
            }

            if (other is null || other with { IsNullable = column.IsNullable } != column)
            {
                var type = other?.ToString() ?? reader.Unread.FirstOrDefault(candidate => candidate.Name == column.Name)?.Type;
                var difference = type is null
                    ? $"'{file}' has no column '{column.Name}', which '{first}' has; files of one dataset have the same columns."
                    : $"Column '{column.Name}' is {type} in '{file}' and {column} in '{first}'; make them of one type.";
                if (column.Meaning is null && (type is not null || isJson || column.Kind == ElementKind.Json))
                {
                    throw new DatasetException(difference);
                }

                // It is refused where a job names it.
                unread.Add(new UnreadColumn(column.Name, column.ToString(), difference));
                merged.RemoveAt(i);
                continue;
            }

            merged[i] = column with { IsNullable = column.IsNullable || other.IsNullable };
        }

        merged.AddRange(others.Where(other => other.Kind == ElementKind.Json && columns.All(column => column.Name != other.Name)));
        return merged.ToImmutable();
    }

    // Of the file itself where it is named by a link.
    private static long Length(string path)
    {
        using var file = File.OpenHandle(path);
        return RandomAccess.GetLength(file);
    }

    private async ValueTask<bool> OpenNextAsync(CancellationToken cancellationToken)
    {
        if (_next == _files.Count)
        {
            return false;
        }

        _reader = await DatasetFormats.OpenReaderAsync(_files[_next++], cancellationToken).ConfigureAwait(false);
        _reader.Select(_selected);
        return true;
    }

    private async ValueTask CloseAsync()
    {
        if (_reader is { } reader)
        {
            _reader = null;
            _closedBytes += _bytes[_next - 1];
            await reader.DisposeAsync().ConfigureAwait(false);
        }
    }
}
