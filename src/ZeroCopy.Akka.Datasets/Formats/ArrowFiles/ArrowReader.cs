using System.Collections.Immutable;
using Apache.Arrow;
using Apache.Arrow.Compression;
using Apache.Arrow.Ipc;
using ZeroCopy.Datasets.Rows;

namespace ZeroCopy.Datasets.Formats.ArrowFiles;

/// <summary>Reads Arrow IPC, the file format and the streaming format, a record batch at a time.</summary>
internal sealed class ArrowReader : IRowReader
{
    private readonly string _path;
    private readonly FileStream _file;
    private readonly ArrowStreamReader _reader;
    private readonly ImmutableArray<(ColumnType Type, int Index)> _columns;
    private ImmutableArray<(ColumnType Type, int Index)> _selected;
    private long _rows;

    private ArrowReader(string path, FileStream file, ArrowStreamReader reader, Schema schema)
    {
        _path = path;
        _file = file;
        _reader = reader;
        (_columns, Unread) = ArrowColumnTypes.Of(schema);
        _selected = _columns;
    }

    public ImmutableArray<ColumnType> Columns => [.. _columns.Select(column => column.Type)];

    public ImmutableArray<UnreadColumn> Unread { get; }

    public long? RowCount => null;

    public double ReadShare => (double)_file.Position / _file.Length;

    public static async ValueTask<ArrowReader> OpenAsync(string path, CancellationToken cancellationToken)
    {
        ArrowStreamReader? reader = null;
        try
        {
            var file = OpenFile(path);
            reader = Open(file);
            return new ArrowReader(path, file, reader, await reader.GetSchema(cancellationToken).ConfigureAwait(false));
        }
        catch (Exception error) when (IsDamage(error))
        {
            reader?.Dispose();
            throw new DatasetException($"'{path}': it is no Arrow file, or cut short: {error.Message.TrimEnd('.')}.", error);
        }
    }

    public void Select(IReadOnlyList<string> names) =>
        _selected = [.. names.Select(name => _columns.First(column => column.Type.Name == name))];

    public long Skip(long rows) => 0;

    public async ValueTask<RowChunk?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (await _reader.ReadNextRecordBatchAsync(cancellationToken).ConfigureAwait(false) is { } batch)
            {
                using (batch)
                {
                    if (batch.Length > 0)
                    {
                        var chunk = ArrowColumnReader.Read(
                            _selected.Select(column => (column.Type, batch.Column(column.Index).Data)),
                            new RowSpan(_path, _rows, batch.Length));
                        _rows += batch.Length;
                        return chunk;
                    }
                }
            }

            return null;
        }
        catch (Exception error) when (IsDamage(error))
        {
            throw new DatasetException(
                $"'{_path}': the rows from {_rows} on cannot be read: {error.Message.TrimEnd('.')}; the file is damaged, or uses what is "
                + "not read here.", error);
        }
    }

    public ValueTask DisposeAsync()
    {
        _reader.Dispose();
        return default;
    }

    private static FileStream OpenFile(string path)
    {
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16);
        if (file.Length == 0)
        {
            file.Dispose();
            throw new DatasetException($"'{path}' is empty; an Arrow file begins with its schema.");
        }

        return file;
    }

    private static ArrowStreamReader Open(FileStream file)
    {
        Span<byte> magic = stackalloc byte[6];
        var isFile = file.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false) == magic.Length && magic.SequenceEqual("ARROW1"u8);
        file.Position = 0;
        return isFile ? new ArrowFileReader(file, new CompressionCodecFactory()) : new ArrowStreamReader(file,
            new CompressionCodecFactory());
    }

    // The library throws whatever a damaged file makes it stumble over.
    private static bool IsDamage(Exception error) =>
        error is not (OperationCanceledException or OutOfMemoryException or UnauthorizedAccessException or FileNotFoundException
            or DatasetException);
}
