using System.Collections.Immutable;
using System.Text;
using Parquet;
using ZeroCopy.Datasets.Rows;
using ZeroCopy.Tensors;

namespace ZeroCopy.Datasets.Formats.ParquetFiles;

/// <summary>Reads Parquet, a row group at a time.</summary>
internal sealed class ParquetFileReader : IRowReader
{
    private readonly string _path;
    private readonly ParquetReader _reader;
    private readonly ImmutableArray<ParquetColumn> _columns;
    private readonly LevelBuffer _definition = new();
    private readonly LevelBuffer _repetition = new();
    private ImmutableArray<ParquetColumn> _selected;
    private int _group;
    private long _rows;

    private ParquetFileReader(string path, ParquetReader reader)
    {
        _path = path;
        _reader = reader;
        _columns = [.. reader.Schema.Fields.Select(ParquetColumn.Of).OfType<ParquetColumn>()];
        _selected = _columns;
    }

    public ImmutableArray<ColumnType> Columns => [.. _columns.Select(column => column.Type)];

    public long? RowCount => _reader.RowGroups.Sum(group => group.RowCount);

    public static async ValueTask<ParquetFileReader> OpenAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16);
            try
            {
                return new ParquetFileReader(
                    path, await ParquetReader.CreateAsync(file, leaveStreamOpen: false,
                        cancellationToken: cancellationToken).ConfigureAwait(false));
            }
            catch
            {
                await file.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }
        catch (Exception error) when (IsDamage(error))
        {
            throw new DatasetException($"'{path}': it is no Parquet file, or cut short: {error.Message.TrimEnd('.')}.", error);
        }
    }

    public void Select(IReadOnlyList<string> names) =>
        _selected = [.. names.Select(name => _columns.First(column => column.Type.Name == name))];

    public long Skip(long rows)
    {
        var skipped = 0L;
        while (_group < _reader.RowGroupCount && skipped + _reader.RowGroups[_group].RowCount <= rows)
        {
            skipped += _reader.RowGroups[_group++].RowCount;
        }

        _rows += skipped;
        return skipped;
    }

    public async ValueTask<RowChunk?> ReadAsync(CancellationToken cancellationToken)
    {
        while (_group < _reader.RowGroupCount && _reader.RowGroups[_group].RowCount == 0)
        {
            _group++;
        }

        if (_group == _reader.RowGroupCount)
        {
            return null;
        }

        var group = _reader.RowGroups[_group++];
        var rows = checked((int)group.RowCount);
        var columns = ImmutableArray.CreateBuilder<Column>(_selected.Length);
        foreach (var column in _selected)
        {
            try
            {
                columns.Add(await ReadColumnAsync(group, column, rows, cancellationToken).ConfigureAwait(false));
            }
            catch (Exception error) when (IsDamage(error))
            {
                throw new DatasetException(
                    $"'{_path}': column '{column.Type.Name}' of row group {_group - 1} cannot be read: "
                    + $"{error.Message.TrimEnd('.')}; the file is damaged, or uses what is not read here.", error);
            }
        }

        var chunk = new RowChunk(columns.MoveToImmutable(), rows, [new RowSpan(_path, _rows, rows)]);
        _rows += rows;
        return chunk;
    }

    public ValueTask DisposeAsync() => _reader.DisposeAsync();

    // The library throws whatever a damaged file makes it stumble over.
    private static bool IsDamage(Exception error) =>
        error is not (OperationCanceledException or OutOfMemoryException or UnauthorizedAccessException or FileNotFoundException
            or DatasetException);

    private ValueTask<Column> ReadColumnAsync(ParquetRowGroupReader group, ParquetColumn column, int rows,
        CancellationToken cancellationToken) =>
        column.Type.Kind == ElementKind.Text ? ReadTextsAsync(group, column, rows, cancellationToken) : column.Type.DType switch
        {
            DType.Bool => ReadNumbersAsync<bool>(group, column, rows, cancellationToken),
            DType.UInt8 => ReadNumbersAsync<byte>(group, column, rows, cancellationToken),
            DType.Int8 => ReadNumbersAsync<sbyte>(group, column, rows, cancellationToken),
            DType.UInt16 => ReadNumbersAsync<ushort>(group, column, rows, cancellationToken),
            DType.Int16 => ReadNumbersAsync<short>(group, column, rows, cancellationToken),
            DType.UInt32 => ReadNumbersAsync<uint>(group, column, rows, cancellationToken),
            DType.Int32 => ReadNumbersAsync<int>(group, column, rows, cancellationToken),
            DType.UInt64 => ReadNumbersAsync<ulong>(group, column, rows, cancellationToken),
            DType.Int64 => ReadNumbersAsync<long>(group, column, rows, cancellationToken),
            DType.Float32 => ReadNumbersAsync<float>(group, column, rows, cancellationToken),
            _ => ReadNumbersAsync<double>(group, column, rows, cancellationToken),
        };

    private async ValueTask<Column> ReadNumbersAsync<T>(
        ParquetRowGroupReader group, ParquetColumn column, int rows, CancellationToken cancellationToken)
        where T : unmanaged
    {
        var size = column.Type.DType.ElementSize();
        var data = new byte[checked(Entries(group, column) * size)];
        var places = await ReadAsync(group, column, rows, BytesAs<T>.Of(data.AsMemory()), cancellationToken).ConfigureAwait(false);
        if (places is null)
        {
            return new Column(column.Type, rows, data);
        }

        var nulls = places.Offsets.Length == 0 ? places.Nulls : places.ElementNulls;
        Spread(data, size, nulls);
        var elements = places.Offsets.Length == 0 ? rows : places.Offsets[^1][^1];
        return new Column(column.Type, rows, data.AsMemory(0, elements * size), Offsets(places), places.Nulls, places.ElementNulls);
    }

    private async ValueTask<Column> ReadTextsAsync(
        ParquetRowGroupReader group, ParquetColumn column, int rows, CancellationToken cancellationToken)
    {
        var texts = new ReadOnlyMemory<char>[Entries(group, column)];
        var places = await ReadAsync(group, column, rows, texts.AsMemory(), cancellationToken).ConfigureAwait(false);
        var nulls = places is null ? [] : places.Offsets.Length == 0 ? places.Nulls : places.ElementNulls;
        var elements = places is null || places.Offsets.Length == 0 ? rows : places.Offsets[^1][^1];
        var bytes = new ColumnBuilder(column.Type);
        var next = 0;
        for (var element = 0; element < elements; element++)
        {
            if (nulls.Length > 0 && nulls[element])
            {
                bytes.AddNull();
            }
            else
            {
                var text = texts[next++].Span;
                bytes.Advance(Encoding.UTF8.GetBytes(text, bytes.Room(Encoding.UTF8.GetMaxByteCount(text.Length))));
            }
        }

        var flat = bytes.Build();
        return new Column(
            column.Type, rows, flat.Data, [.. places is null ? [] : Offsets(places), flat.Offsets[0]],
            places is null ? default(ReadOnlyMemory<bool>) : places.Nulls, places is null
                ? default(ReadOnlyMemory<bool>) : places.ElementNulls);
    }

    // The values that are there, one after the other, and the places of lists and nulls; null where there are neither.
    private async ValueTask<LevelPlaces?> ReadAsync<T>(
        ParquetRowGroupReader group, ParquetColumn column, int rows, Memory<T> values, CancellationToken cancellationToken)
        where T : struct
    {
        var entries = values.Length;
        var definition = column.Leaf.MaxDefinitionLevel > 0 ? _definition.Of(entries) : default(Memory<int>?);
        var repetition = column.Leaf.MaxRepetitionLevel > 0 ? _repetition.Of(entries) : default(Memory<int>?);
        await group.ReadRawAsync(column.Leaf, values, definition, repetition, cancellationToken).ConfigureAwait(false);
        return definition is { } levels ? new ParquetLevels(column).Read(levels.Span, repetition is { } lists
            ? lists.Span : [], rows) : null;
    }

    private static int Entries(ParquetRowGroupReader group, ParquetColumn column) =>
        checked((int)(group.GetMetadata(column.Leaf)?.MetaData?.NumValues
            ?? throw new InvalidDataException("the file has no data for it")));

    private static ImmutableArray<ReadOnlyMemory<int>> Offsets(LevelPlaces places) =>
        [.. places.Offsets.Select(level => new ReadOnlyMemory<int>([.. level]))];

    // From the last on, so that none is overwritten before it has moved; zeros where something is null.
    private static void Spread(Span<byte> data, int size, bool[] nulls)
    {
        var from = nulls.Count(isNull => !isNull);
        for (var to = nulls.Length - 1; to >= 0; to--)
        {
            var element = data.Slice(to * size, size);
            if (nulls[to])
            {
                element.Clear();
            }
            else
            {
                data.Slice(--from * size, size).CopyTo(element);
            }
        }
    }
}
