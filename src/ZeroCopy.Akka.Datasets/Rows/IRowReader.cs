using System.Collections.Immutable;

namespace ZeroCopy.Datasets.Rows;

/// <summary>Reads one file of rows from its first to its last, in chunks of bounded size. Not thread-safe.</summary>
internal interface IRowReader : IAsyncDisposable
{
    /// <summary>The file's columns that can be read. Where rows name their own, those of the first rows.</summary>
    ImmutableArray<ColumnType> Columns { get; }

    /// <summary>Its other columns.</summary>
    ImmutableArray<UnreadColumn> Unread => [];

    /// <summary>Whether no later row can have a column that is not among <see cref="Columns"/>.</summary>
    bool HasAllColumns => true;

    /// <summary>Number of rows; null where it is not known before all is read.</summary>
    long? RowCount { get; }

    /// <summary>Share of the file that is read, from 0 to 1: by rows where their number is known, else by bytes.</summary>
    double ReadShare { get; }

    /// <summary>Says which columns later reads return, and in what order.</summary>
    void Select(IReadOnlyList<string> names);

    /// <summary>Passes over rows, without reading them, where the format can: from the next one on, and no more than so many.</summary>
    /// <returns>How many were passed over.</returns>
    long Skip(long rows);

    /// <summary>The next rows; null after the last one.</summary>
    /// <exception cref="DatasetException">The file is not what its format says; names the file and the place.</exception>
    ValueTask<RowChunk?> ReadAsync(CancellationToken cancellationToken);
}
