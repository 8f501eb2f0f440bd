using System.Collections.Immutable;
using ZeroCopy.Datasets.Formats;
using ZeroCopy.Datasets.Rows;

namespace ZeroCopy.Datasets.Journal;

/// <summary>
/// Keeps the batches of a group that is not full yet in a file, so that they are not computed again after a crash: an Arrow stream with a
/// record batch for each. Each group has a file of its own. Not thread-safe.
/// </summary>
internal sealed class PendingRows(JobFolder folder) : IAsyncDisposable
{
    private IRowWriter? _writer;
    private int _file;
    private int _saved;

    /// <summary>Saves what is not saved yet, and says where it lies.</summary>
    public async ValueTask<JournalPart> SaveAsync(
        JournalPart state, RowGroup group, ImmutableArray<ColumnType> columns, CancellationToken cancellationToken)
    {
        if (group.IsEmpty)
        {
            return state with { PendingFile = _file, PendingBytes = 0, PendingHash = "" };
        }

        _writer ??= Open(columns);
        foreach (var batch in group.Batches.Skip(_saved))
        {
            await _writer.WriteAsync(batch, cancellationToken).ConfigureAwait(false);
        }

        _saved = group.Batches.Count;
        var bytes = await _writer.FlushAsync(cancellationToken).ConfigureAwait(false);
        return state with { PendingFile = _file, PendingBytes = bytes, PendingHash = FileHash.OfRange(folder.Pending(_file), 0, bytes)! };
    }

    /// <summary>Forgets the batches: their group is written.</summary>
    public async ValueTask ClearAsync()
    {
        if (_writer is { } writer)
        {
            await writer.DisposeAsync().ConfigureAwait(false);
            (_writer, _saved) = (null, 0);
            _file++;
        }
    }

    /// <summary>Brings back the batches that a state saved. The file ends behind them.</summary>
    public async ValueTask RestoreAsync(
        JournalPart state, RowGroup group, ImmutableArray<ColumnType> columns, CancellationToken cancellationToken)
    {
        _file = state.PendingFile;
        if (state.PendingBytes == 0)
        {
            return;
        }

        var reader = await DatasetFormats.OpenReaderAsync(DatasetFormat.ArrowStream, folder.Pending(_file),
            cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false) is { } batch)
            {
                group.Add(new RowChunk([.. batch.Columns.Zip(columns, (column, type) => column.Typed(type))], batch.Rows));
            }
        }

        _saved = group.Batches.Count;
        _writer = Open(columns);
    }

    public async ValueTask DisposeAsync()
    {
        if (_writer is { } writer)
        {
            await writer.DisposeAsync().ConfigureAwait(false);
        }
    }

    private IRowWriter Open(ImmutableArray<ColumnType> columns) =>
        DatasetFormats.OpenWriter(DatasetFormat.ArrowStream, folder.Pending(_file), columns);
}
