using System.Collections.Immutable;
using ZeroCopy.Datasets.Formats.Npy;
using ZeroCopy.Datasets.Rows;
using ZeroCopy.Safetensors;
using ZeroCopy.Tensors;

namespace ZeroCopy.Datasets.Formats.TensorFiles;

/// <summary>Reads tensors whose first dimension counts the rows: the one array of a <c>.npy</c>, or all of a <c>.safetensors</c>.</summary>
internal sealed class TensorRowsReader : IRowReader
{
    /// <summary>What the one column of a <c>.npy</c> is called.</summary>
    public const string ArrayName = "array";

    private const int ChunkBytes = 1 << 22;
    private readonly string _path;
    private readonly FileStream _file;
    private readonly ImmutableArray<TensorRows> _tensors;
    private ImmutableArray<TensorRows> _selected;
    private long _next;

    private TensorRowsReader(string path, FileStream file, ImmutableArray<TensorRows> tensors)
    {
        _path = path;
        _file = file;
        _tensors = tensors;
        _selected = tensors;
    }

    public ImmutableArray<ColumnType> Columns => [.. _tensors.Select(tensor => tensor.Type)];

    public ImmutableArray<UnreadColumn> Unread { get; private init; } = [];

    /// <summary>Null where the tensors have different numbers of rows, of which those that are selected say which count.</summary>
    public long? RowCount => FindOther() is null ? Rows : null;

    public double ReadShare => RowCount > 0 ? (double)_next / RowCount.Value : 1;

    private long Rows => _selected.IsEmpty ? 0 : _selected[0].Array.Layout.Shape[0];

    public static TensorRowsReader OpenNpy(string path) => Open(path, file => [(ArrayName, NpyReader.ReadHead(file, path))]);

    public static TensorRowsReader OpenSafetensors(string path) => Open(path, file =>
    [
        .. SafetensorsHeader.Read(file.SafeFileHandle, path).Tensors.Where(tensor => tensor.Layout.DType.ElementBits() % 8 == 0)
            .Select(tensor => (tensor.Name, new NpyArray(tensor.Layout, tensor.Offset, IsBigEndian: false, IsFortranOrder: false))),
    ]);

    public void Select(IReadOnlyList<string> names) =>
        _selected = [.. names.Select(name => _tensors.First(tensor => tensor.Type.Name == name))];

    public long Skip(long rows)
    {
        CheckRows();
        var skipped = Math.Min(rows, Rows - _next);
        _next += skipped;
        return skipped;
    }

    public ValueTask<RowChunk?> ReadAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        CheckRows();
        if (_next == Rows)
        {
            return new ValueTask<RowChunk?>((RowChunk?)null);
        }

        var rows = (int)Math.Min(Rows - _next, Math.Max(1, ChunkBytes / Math.Max(1, _selected.Sum(tensor => tensor.RowBytes))));
        var columns = _selected.Select(tensor => tensor.Read(_file, _next, rows)).ToImmutableArray();
        var chunk = new RowChunk(columns, rows, [new RowSpan(_path, _next, rows)]);
        _next += rows;
        return new ValueTask<RowChunk?>(chunk);
    }

    public ValueTask DisposeAsync() => _file.DisposeAsync();

    private static TensorRowsReader Open(string path, Func<FileStream, IReadOnlyList<(string Name, NpyArray Array)>> head)
    {
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        try
        {
            var tensors = head(file);
            if (tensors.FirstOrDefault(tensor => tensor.Array is { IsFortranOrder: true, Layout.ByteLength: > NpyReader.MaxBytes })
                is { Array: { } turned })
            {
                throw DatasetException.At(
                    path,
                    $"{turned.Layout} is in Fortran order and over 2 GiB, the most that is turned; save it with numpy.ascontiguousarray.");
            }

            var byKind = tensors.ToLookup(tensor => tensor.Array.Layout.Shape.IsEmpty);
            return new TensorRowsReader(
                path, file, [.. byKind[false].Select(tensor => new TensorRows(path, tensor.Name, tensor.Array))])
            {
                Unread =
                [
                    .. byKind[true].Select(tensor => new UnreadColumn(
                        tensor.Name, $"{tensor.Array.Layout}",
                        $"'{path}': '{tensor.Name}' has no dimensions; the first one counts the rows.")),
                ],
            };
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private TensorRows? FindOther() => _selected.FirstOrDefault(tensor => tensor.Array.Layout.Shape[0] != Rows);

    private void CheckRows()
    {
        if (FindOther() is { } other)
        {
            throw DatasetException.At(
                _path,
                $"'{other.Type.Name}' has {other.Array.Layout.Shape[0]} rows and '{_selected[0].Type.Name}' {Rows}; "
                + "tensors of one dataset have as many.");
        }
    }
}
