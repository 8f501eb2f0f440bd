using System.Buffers.Binary;
using System.Collections.Immutable;
using System.IO.Compression;
using System.Text;
using Parquet;
using Parquet.Data;
using Parquet.Schema;
using ZeroCopy.Datasets.Rows;
using ZeroCopy.Tensors;

namespace ZeroCopy.Datasets.Formats.ParquetFiles;

/// <summary>
/// Writes Parquet, a row group for each group of rows. After each of them the file is a whole one with a footer, which the next group and a
/// new footer overwrite: the footer is the tail that is not settled.
/// </summary>
internal sealed class ParquetFileWriter : IRowWriter
{
    private const int EndBytes = 8;

    // The schema of the groups before is read back, in which decimals must be of the type that is written.
    private static readonly ParquetOptions Options = new()
    {
        CompressionMethod = CompressionMethod.Snappy,
        CompressionLevel = CompressionLevel.Optimal,
        UseBigDecimal = true,
    };

    private readonly string _path;
    private readonly ImmutableArray<ParquetColumn> _columns;
    private readonly ParquetSchema _schema;
    private readonly FileStream _file;
    private readonly LevelBuffer _definitions = new();
    private readonly LevelBuffer _repetitions = new();

    /// <summary>Opens the work file, or makes it.</summary>
    public ParquetFileWriter(string path, ImmutableArray<ColumnType> columns)
    {
        _path = path;
        _columns = [.. columns.Select(ParquetColumn.Of)];
        _schema = new ParquetSchema(_columns.Select(column => column.Field));
        _file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 1 << 16);
    }

    public async ValueTask WriteAsync(RowChunk rows, CancellationToken cancellationToken)
    {
        var writer = await ParquetWriter.CreateAsync(_schema, _file, Options, append: _file.Length > 0,
            cancellationToken).ConfigureAwait(false);
        await using (writer.ConfigureAwait(false))
        {
            using var group = writer.CreateRowGroup();
            for (var i = 0; i < _columns.Length; i++)
            {
                await WriteColumnAsync(group, _columns[i].Leaf, rows.Columns[i], cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public async ValueTask<long> FlushAsync(CancellationToken cancellationToken)
    {
        await _file.FlushAsync(cancellationToken).ConfigureAwait(false);
        if (_file.Length == 0)
        {
            return 0;
        }

        var end = new byte[sizeof(int)];
        await RandomAccess.ReadAsync(_file.SafeFileHandle, end, _file.Length - EndBytes, cancellationToken).ConfigureAwait(false);
        return _file.Length - EndBytes - BinaryPrimitives.ReadInt32LittleEndian(end);
    }

    public ValueTask<string> CompleteAsync(string spare, CancellationToken cancellationToken)
    {
        _file.Flush(flushToDisk: true);
        _file.Dispose();
        return new ValueTask<string>(_path);
    }

    public ValueTask DisposeAsync() => _file.DisposeAsync();

    private Task WriteColumnAsync(ParquetRowGroupWriter group, DataField leaf, Column column, CancellationToken cancellationToken) =>
        column.Type.Meaning is { } meaning ? WriteValuesAsync(group, leaf, column, meaning, cancellationToken)
        : column.Type.Kind != ElementKind.Number ? WriteTextsAsync(group, leaf, column, cancellationToken) : column.Type.DType switch
        {
            DType.Bool => WriteNumbersAsync<bool>(group, leaf, column, cancellationToken),
            DType.UInt8 => WriteNumbersAsync<byte>(group, leaf, column, cancellationToken),
            DType.Int8 => WriteNumbersAsync<sbyte>(group, leaf, column, cancellationToken),
            DType.UInt16 => WriteNumbersAsync<ushort>(group, leaf, column, cancellationToken),
            DType.Int16 => WriteNumbersAsync<short>(group, leaf, column, cancellationToken),
            DType.UInt32 => WriteNumbersAsync<uint>(group, leaf, column, cancellationToken),
            DType.Int32 => WriteNumbersAsync<int>(group, leaf, column, cancellationToken),
            DType.UInt64 => WriteNumbersAsync<ulong>(group, leaf, column, cancellationToken),
            DType.Int64 => WriteNumbersAsync<long>(group, leaf, column, cancellationToken),
            DType.Float32 => WriteNumbersAsync<float>(group, leaf, column, cancellationToken),
            _ => WriteNumbersAsync<double>(group, leaf, column, cancellationToken),
        };

    private Task WriteNumbersAsync<T>(ParquetRowGroupWriter group, DataField leaf, Column column,
        CancellationToken cancellationToken)
        where T : unmanaged
    {
        var numbers = column.Numbers();
        var nulls = Nulls(column);
        if (!nulls.IsEmpty)
        {
            numbers = Present(numbers.Span, column.Type.DType.ElementSize(), nulls.Span);
        }

        return WriteAsync(group, leaf, column, BytesAs<T>.Of(numbers), cancellationToken);
    }

    private Task WriteValuesAsync(
        ParquetRowGroupWriter group, DataField leaf, Column column, ValueMeaning meaning, CancellationToken cancellationToken)
    {
        return (meaning.Kind, meaning.Digits) switch
        {
            (ValueKind.Decimal, _) => WriteAsync(
                group, leaf, column,
                Values(text => new BigDecimal(meaning.ParseDecimal(text), meaning.Precision, meaning.Digits)), cancellationToken),
            (ValueKind.Time, <= 3) => WriteAsync(
                group, leaf, column, Values(text => (int)(meaning.ParseTime(text) * 1_000 / meaning.Unit)), cancellationToken),
            (ValueKind.Time, _) => WriteAsync(group, leaf, column, Values(meaning.ParseTime), cancellationToken),
            (ValueKind.Date, 0) => WriteAsync(
                group, leaf, column, Values(text => DateTime.UnixEpoch.AddDays(meaning.ParseTime(text))), cancellationToken),
            _ => WriteAsync(
                group, leaf, column,
                Values(text => DateTime.UnixEpoch.AddTicks(meaning.ParseTime(text) * (TimeSpan.TicksPerSecond / meaning.Unit))),
                cancellationToken),
        };

        ReadOnlyMemory<T> Values<T>(Func<ReadOnlySpan<byte>, T> value) =>
            (T[])[.. Enumerable.Range(0, column.Rows).Where(row => !column.IsNull(row)).Select(row => value(column.Bytes(row)))];
    }

    private Task WriteTextsAsync(ParquetRowGroupWriter group, DataField leaf, Column column, CancellationToken cancellationToken)
    {
        var (low, high) = column.Range(column.Type.Depth);
        var texts = new List<ReadOnlyMemory<char>>(high - low);
        for (var element = low; element < high; element++)
        {
            if (!column.IsNullElement(element))
            {
                texts.Add(Encoding.UTF8.GetString(column.Bytes(element)).AsMemory());
            }
        }

        return WriteAsync<ReadOnlyMemory<char>>(group, leaf, column, texts.ToArray(), cancellationToken);
    }

    private Task WriteAsync<T>(
        ParquetRowGroupWriter group, DataField leaf, Column column, ReadOnlyMemory<T> values, CancellationToken cancellationToken)
        where T : struct
    {
        if (leaf.MaxDefinitionLevel == 0)
        {
            return group.WriteAllPartsAsync(leaf, values, null, null, cancellationToken);
        }

        var (definition, repetition) = LevelWriter.Of(column, leaf.MaxDefinitionLevel, _definitions, _repetitions);
        return group.WriteAllPartsAsync(leaf, values, definition, leaf.MaxRepetitionLevel > 0 ? repetition : null, cancellationToken);
    }

    // Which of the rows' elements are null; empty where none is.
    private static ReadOnlyMemory<bool> Nulls(Column column)
    {
        if (column.Type.Depth == 0 || column.ElementNulls.IsEmpty)
        {
            return column.Type.Depth == 0 ? column.Nulls : default;
        }

        var (low, high) = column.Range(column.Type.Depth);
        return column.ElementNulls[low..high];
    }

    private static byte[] Present(ReadOnlySpan<byte> numbers, int size, ReadOnlySpan<bool> nulls)
    {
        var present = new byte[(nulls.Length - nulls.Count(true)) * size];
        var to = 0;
        for (var from = 0; from < nulls.Length; from++)
        {
            if (!nulls[from])
            {
                numbers.Slice(from * size, size).CopyTo(present.AsSpan(to));
                to += size;
            }
        }

        return present;
    }
}
