using System.Collections.Immutable;
using Apache.Arrow.Ipc;
using ParquetSharp;
using ParquetSharp.Arrow;
using ZeroCopy.Datasets.Formats.ArrowFiles;
using ZeroCopy.Datasets.Rows;

namespace ZeroCopy.Datasets.Formats.ParquetFiles;

/// <summary>
/// Reads Parquet in pieces of some rows, as Arrow's record batches. Its library decodes a page of each column at a time, so what is in
/// memory does not grow with the file's row groups.
/// </summary>
internal sealed class ParquetFileReader : IRowReader
{
    private const long PieceBytes = 1L << 20;

    // Texts of a dictionary take less room in the file than in a piece.
    private const long MaxPieceRows = 1L << 13;
    private readonly string _path;
    private readonly ImmutableArray<(ColumnType Type, int Index)> _columns;
    private readonly ImmutableArray<long> _groupStarts;
    private ImmutableArray<(ColumnType Type, int Index)> _selected;
    private FileReader _file;
    private IArrowArrayStream? _pieces;
    private long _next;

    private ParquetFileReader(string path, FileReader file)
    {
        _path = path;
        _file = file;
        (_columns, Unread) = ArrowColumnTypes.Of(file.Schema);
        _selected = _columns;
        var starts = ImmutableArray.CreateBuilder<long>(file.NumRowGroups + 1);
        starts.Add(0);
        for (var group = 0; group < file.NumRowGroups; group++)
        {
            using var rows = file.ParquetReader.RowGroup(group);
            starts.Add(starts[^1] + rows.MetaData.NumRows);
        }

        _groupStarts = starts.MoveToImmutable();
    }

    public ImmutableArray<ColumnType> Columns => [.. _columns.Select(column => column.Type)];

    public ImmutableArray<UnreadColumn> Unread { get; }

    public long? RowCount => _groupStarts[^1];

    public double ReadShare => RowCount > 0 ? (double)_next / RowCount.Value : 1;

    public static ParquetFileReader Open(string path)
    {
        // Its error is clearer than that of the library.
        File.OpenHandle(path).Dispose();
        FileReader? file = null;
        try
        {
            file = OpenFile(path, MaxPieceRows);
            return new ParquetFileReader(path, file);
        }
        catch (Exception error) when (IsDamage(error))
        {
            file?.Dispose();
            throw new DatasetException($"'{path}': it is no Parquet file, or cut short: {Reason(error)}.", error);
        }
    }

    public void Select(IReadOnlyList<string> names) =>
        _selected = [.. names.Select(name => _columns.First(column => column.Type.Name == name))];

    public long Skip(long rows)
    {
        var start = _groupStarts.Last(group => group <= _next + rows);
        if (start <= _next)
        {
            return 0;
        }

        var skipped = start - _next;
        _next = start;
        _pieces?.Dispose();
        _pieces = null;
        return skipped;
    }

    public async ValueTask<RowChunk?> ReadAsync(CancellationToken cancellationToken)
    {
        if (_next == RowCount)
        {
            return null;
        }

        try
        {
            _pieces ??= Begin();
            using var piece = await _pieces.ReadNextRecordBatchAsync(cancellationToken).ConfigureAwait(false)
                ?? throw new InvalidDataException("there are fewer rows than the file says");
            var chunk = ArrowColumnReader.Read(
                _selected.Select(column => (column.Type, piece.Column(column.Type.Name).Data)), new RowSpan(_path, _next, piece.Length));
            _next += piece.Length;
            return chunk;
        }
        catch (Exception error) when (IsDamage(error))
        {
            throw new DatasetException(
                $"'{_path}': the rows from {_next} on cannot be read: {Reason(error)}; the file is damaged, or uses what is not read here.",
                error);
        }
    }

    public ValueTask DisposeAsync()
    {
        _pieces?.Dispose();
        _file.Dispose();
        return default;
    }

    private static FileReader OpenFile(string path, long pieceRows)
    {
        using var pages = ReaderProperties.WithMemoryPool(Pool());
        pages.EnableBufferedStream();
        using var batches = ArrowReaderProperties.GetDefault();
        batches.PreBuffer = false;
        batches.UseThreads = false;
        batches.BatchSize = pieceRows;
        return new FileReader(path, pages, batches);
    }

    // The others keep what pages of different sizes leave behind, which grows with the files that were read.
    private static MemoryPool Pool() => OperatingSystem.IsWindows() ? MemoryPool.SystemMemoryPool() : MemoryPool.JemallocMemoryPool();

    // The place of a field's elements among those of all fields; only maps and structures, which are not read, have several.
    private int Leaf(int field)
    {
        var leaf = _file.SchemaManifest.SchemaField(field);
        while (leaf.Children.Count > 0)
        {
            leaf = leaf.Children[0];
        }

        return leaf.ColumnIndex;
    }

    // The library throws whatever a damaged file makes it stumble over.
    private static bool IsDamage(Exception error) =>
        error is not (OperationCanceledException or OutOfMemoryException or UnauthorizedAccessException or FileNotFoundException
            or DatasetException);

    // The library puts the name of a class of C++ around what its own library says.
    private static string Reason(Exception error)
    {
        const string Head = " (message: '";
        const string Tail = "')";
        var (text, at) = (error.Message, error.Message.IndexOf(Head, StringComparison.Ordinal));
        return (at < 0 || !text.EndsWith(Tail, StringComparison.Ordinal) ? text : text[(at + Head.Length)..^Tail.Length]).TrimEnd('.');
    }

    // From the first row group that is not behind the next row.
    private IArrowArrayStream Begin()
    {
        var first = _groupStarts.IndexOf(_next);
        int[] groups = [.. Enumerable.Range(first, _groupStarts.Length - 1 - first)];
        int[] leaves = [.. _selected.Select(column => Leaf(column.Index))];
        var sized = OpenFile(_path, PieceRows(groups, leaves));
        _file.Dispose();
        _file = sized;
        return sized.GetRecordBatchReader(groups, leaves);
    }

    // As many as a piece has room for, by the size of the file's rows; no element takes more than 8 bytes but texts.
    private long PieceRows(int[] groups, int[] leaves)
    {
        var (rows, bytes) = (0L, 1L);
        foreach (var group in groups)
        {
            using var reader = _file.ParquetReader.RowGroup(group);
            rows += reader.MetaData.NumRows;
            foreach (var leaf in leaves)
            {
                using var column = reader.MetaData.GetColumnChunkMetaData(leaf);
                bytes += Math.Max(column.NumValues * sizeof(long), column.TotalUncompressedSize);
            }
        }

        return (long)Math.Clamp((double)PieceBytes * rows / bytes, 1, MaxPieceRows);
    }
}
