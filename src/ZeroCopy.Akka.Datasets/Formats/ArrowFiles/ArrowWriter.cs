using System.Collections.Immutable;
using Apache.Arrow;
using Apache.Arrow.Ipc;
using ZeroCopy.Datasets.Rows;

namespace ZeroCopy.Datasets.Formats.ArrowFiles;

/// <summary>
/// Writes Arrow IPC, a record batch for each group of rows. The work file is of the streaming format, to which batches can be appended; at
/// the end it becomes one of the file format where that is wanted.
/// </summary>
internal sealed class ArrowWriter : IRowWriter
{
    private readonly string _path;
    private readonly bool _asStream;
    private readonly Schema _schema;
    private readonly FileStream _file;
    private readonly LateStream _late;
    private readonly ArrowStreamWriter _writer;

    /// <summary>Opens the work file at its end, or makes it.</summary>
    public ArrowWriter(string path, ImmutableArray<ColumnType> columns, bool asStream)
    {
        _path = path;
        _asStream = asStream;
        _schema = new Schema(columns.Select(ArrowColumnTypes.ToField), null);
        _file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 1 << 16);
        _late = new LateStream(_file) { IsOpen = _file.Length == 0 };
        _writer = new ArrowStreamWriter(_late, _schema, leaveOpen: true);

        // A file that is gone on with has its schema.
        _writer.WriteStart();
        _late.IsOpen = true;
    }

    public async ValueTask WriteAsync(RowChunk rows, CancellationToken cancellationToken)
    {
        using var batch = ArrowColumnWriter.ToBatch(_schema, rows);
        await _writer.WriteRecordBatchAsync(batch, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<long> FlushAsync(CancellationToken cancellationToken)
    {
        await _file.FlushAsync(cancellationToken).ConfigureAwait(false);
        return _file.Length;
    }

    public async ValueTask<string> CompleteAsync(string spare, CancellationToken cancellationToken)
    {
        await _writer.WriteEndAsync(cancellationToken).ConfigureAwait(false);
        _file.Flush(flushToDisk: true);
        await DisposeAsync().ConfigureAwait(false);
        if (_asStream)
        {
            return _path;
        }

        using var reader = new ArrowStreamReader(File.OpenRead(_path), leaveOpen: false);
        var file = File.Create(spare);
        await using (file.ConfigureAwait(false))
        {
            using var writer = new ArrowFileWriter(file, _schema, leaveOpen: true);
            await writer.WriteStartAsync(cancellationToken).ConfigureAwait(false);
            while (await reader.ReadNextRecordBatchAsync(cancellationToken).ConfigureAwait(false) is { } batch)
            {
                using (batch)
                {
                    await writer.WriteRecordBatchAsync(batch, cancellationToken).ConfigureAwait(false);
                }
            }

            await writer.WriteEndAsync(cancellationToken).ConfigureAwait(false);
            file.Flush(flushToDisk: true);
        }

        return spare;
    }

    public async ValueTask DisposeAsync()
    {
        _writer.Dispose();
        await _late.DisposeAsync().ConfigureAwait(false);
        await _file.DisposeAsync().ConfigureAwait(false);
    }
}
