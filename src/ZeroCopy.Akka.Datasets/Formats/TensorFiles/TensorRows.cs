using ZeroCopy.Datasets.Formats.Npy;
using ZeroCopy.Datasets.Rows;
using ZeroCopy.Tensors;

namespace ZeroCopy.Datasets.Formats.TensorFiles;

/// <summary>A tensor of a file, by rows.</summary>
/// <param name="path">The file's name, for errors.</param>
/// <param name="name">The column's name.</param>
/// <param name="array">Where the tensor lies.</param>
internal sealed class TensorRows(string path, string name, NpyArray array)
{
    // An array whose first dimension runs fastest has a row all over the file: it is turned once.
    private HostTensor? _turned;

    public NpyArray Array { get; } = array;

    public ColumnType Type { get; } = new(name, ElementKind.Number, array.Layout.DType, array.Layout.Shape.Length - 1);

    public long RowBytes { get; } = array.Layout.Shape[0] == 0 ? 0 : array.Layout.ByteLength / array.Layout.Shape[0];

    public Column Read(FileStream file, long first, int rows)
    {
        long[] shape = [rows, .. Array.Layout.Shape.Skip(1)];
        var bytes = checked((int)(rows * RowBytes));
        if (!Array.IsFortranOrder)
        {
            return Column.OfTensor(name, Type.DType, shape, NpyReader.ReadElements(file, Array, Array.Offset + first * RowBytes, bytes));
        }

        _turned ??= NpyReader.Read(path);
        return Column.OfTensor(name, Type.DType, shape, _turned.Data.Slice(checked((int)(first * RowBytes)), bytes));
    }
}
