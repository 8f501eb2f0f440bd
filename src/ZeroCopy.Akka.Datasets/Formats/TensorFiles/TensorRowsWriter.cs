using System.Buffers.Binary;
using System.Collections.Immutable;
using ZeroCopy.Datasets.Formats.Npy;
using ZeroCopy.Datasets.Rows;
using ZeroCopy.Errors;
using ZeroCopy.Safetensors;
using ZeroCopy.Tensors;

namespace ZeroCopy.Datasets.Formats.TensorFiles;

/// <summary>
/// Writes columns of numbers of one shape as tensors. How many rows there are is known at the end alone, so the work file has pieces, each
/// with its number of rows and then the rows of each column in turn; the finished file is made of it.
/// </summary>
internal sealed class TensorRowsWriter : IRowWriter
{
    private readonly string _path;
    private readonly bool _isNpy;
    private readonly ImmutableArray<ColumnType> _columns;
    private readonly FileStream _file;
    private long[]? _shapes;

    /// <summary>Opens the work file, or makes it.</summary>
    /// <exception cref="DatasetException">There are several columns for the one array of a <c>.npy</c>.</exception>
    public TensorRowsWriter(string path, ImmutableArray<ColumnType> columns, bool isNpy)
    {
        if (isNpy && columns.Length != 1)
        {
            throw new DatasetException(
                $"A .npy file holds one array, and there are {columns.Length} columns: "
                + $"{string.Join(", ", columns.Select(column => column.Name))}; "
                + "write .safetensors.");
        }

        _path = path;
        _isNpy = isNpy;
        _columns = columns;
        _file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
        _shapes = ReadShapes();
        _file.Seek(0, SeekOrigin.End);
    }

    // Sizes of the dimensions behind the first, of one column after the other.
    private int ShapeBytes => _columns.Sum(column => column.Depth) * sizeof(long);

    public ValueTask WriteAsync(RowChunk rows, CancellationToken cancellationToken)
    {
        long[] shapes = [.. rows.Columns.SelectMany(Shape)];
        if (_shapes is null)
        {
            _shapes = shapes;
            foreach (var size in shapes)
            {
                WriteNumber(size);
            }
        }
        else if (!_shapes.AsSpan().SequenceEqual(shapes))
        {
            throw new DatasetException(
                $"Rows have the shapes [{string.Join(", ", shapes)}] here and [{string.Join(", ", _shapes)}] before; a tensor has one. "
                + "Write .parquet or .jsonl.");
        }

        WriteNumber(rows.Rows);
        foreach (var column in rows.Columns)
        {
            _file.Write(column.Numbers().Span);
        }

        return default;
    }

    public ValueTask<long> FlushAsync(CancellationToken cancellationToken) => new(_file.Length);

    public ValueTask<string> CompleteAsync(string spare, CancellationToken cancellationToken)
    {
        var pieces = Pieces();
        var rows = pieces.Sum(piece => piece.Rows);
        var layouts = _columns.Select((column, index) => KeyValuePair.Create(column.Name, Layout(index, rows))).ToList();
        try
        {
            if (_isNpy)
            {
                using var file = File.Create(spare);
                NpyWriter.WriteHead(file, spare, layouts[0].Value);
                Copy(0, pieces, file);
            }
            else
            {
                SafetensorsWriter.Write(spare, layouts, (name, file) => Copy(layouts.FindIndex(layout => layout.Key == name), pieces,
                    file));
            }
        }
        catch (InvalidModelException error)
        {
            throw new DatasetException($"The answers cannot be written as .safetensors: {error.Message}", error);
        }

        using (var file = File.OpenWrite(spare))
        {
            file.Flush(flushToDisk: true);
        }

        _file.Dispose();
        return new ValueTask<string>(spare);
    }

    public ValueTask DisposeAsync() => _file.DisposeAsync();

    private static IEnumerable<long> Shape(Column column)
    {
        var (low, high) = (0, column.Rows);
        foreach (var level in column.Offsets)
        {
            var places = level.Span[low..(high + 1)];
            var size = places[1] - places[0];
            for (var i = 1; i < places.Length; i++)
            {
                if (places[i] - places[i - 1] != size)
                {
                    throw new DatasetException($"Column '{column.Type.Name}' has lists of different lengths, which no tensor holds; "
                        + "write .parquet or .jsonl.");
                }
            }

            (low, high) = (places[0], places[^1]);
            yield return size;
        }

        // The memory of a slice has other rows too.
        if (column.Nulls.Span.Contains(true) || (!column.ElementNulls.IsEmpty && column.ElementNulls.Span[low..high].Contains(true)))
        {
            throw new DatasetException($"Column '{column.Type.Name}' has nulls, which no tensor holds; write .parquet or .jsonl.");
        }
    }

    private long[]? ReadShapes()
    {
        if (_file.Length == 0)
        {
            return null;
        }

        var shapes = new long[ShapeBytes / sizeof(long)];
        for (var i = 0; i < shapes.Length; i++)
        {
            shapes[i] = ReadNumber();
        }

        return shapes;
    }

    private TensorLayout Layout(int index, long rows)
    {
        var before = _columns.Take(index).Sum(column => column.Depth);
        return new TensorLayout(_columns[index].DType, [rows, .. _shapes!.Skip(before).Take(_columns[index].Depth)]);
    }

    private List<(long Offset, long Rows)> Pieces()
    {
        var rowBytes = _columns.Select((_, index) => Layout(index, 1).ByteLength).Sum();
        var pieces = new List<(long Offset, long Rows)>();
        _file.Position = ShapeBytes;
        while (_file.Position < _file.Length)
        {
            var rows = ReadNumber();
            pieces.Add((_file.Position, rows));
            _file.Position += rows * rowBytes;
        }

        return pieces;
    }

    private void Copy(int index, List<(long Offset, long Rows)> pieces, Stream file)
    {
        var block = new byte[1 << 20];
        foreach (var (offset, rows) in pieces)
        {
            _file.Position = offset + Enumerable.Range(0, index).Sum(before => Layout(before, rows).ByteLength);
            for (var left = Layout(index, rows).ByteLength; left > 0;)
            {
                var part = block.AsSpan(0, (int)Math.Min(block.Length, left));
                _file.ReadExactly(part);
                file.Write(part);
                left -= part.Length;
            }
        }
    }

    private long ReadNumber()
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        _file.ReadExactly(bytes);
        return BinaryPrimitives.ReadInt64LittleEndian(bytes);
    }

    private void WriteNumber(long number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        _file.Write(bytes);
    }
}
