using Parquet.Schema;
using ZeroCopy.Datasets.Rows;
using ZeroCopy.Tensors;

namespace ZeroCopy.Datasets.Formats.ParquetFiles;

/// <summary>A column of a Parquet file that is written: numbers or texts, or lists of them.</summary>
/// <param name="Leaf">The field that has the elements.</param>
/// <param name="Field">The outermost of the lists around it, or itself.</param>
internal sealed record ParquetColumn(DataField Leaf, Field Field)
{
    private static readonly Dictionary<Type, DType> DTypes = new()
    {
        [typeof(bool)] = DType.Bool,
        [typeof(byte)] = DType.UInt8,
        [typeof(sbyte)] = DType.Int8,
        [typeof(ushort)] = DType.UInt16,
        [typeof(short)] = DType.Int16,
        [typeof(uint)] = DType.UInt32,
        [typeof(int)] = DType.Int32,
        [typeof(ulong)] = DType.UInt64,
        [typeof(long)] = DType.Int64,
        [typeof(float)] = DType.Float32,
        [typeof(double)] = DType.Float64,
    };

    /// <summary>The fields for a column.</summary>
    public static ParquetColumn Of(ColumnType type)
    {
        var clr = type.Kind == ElementKind.Number ? DTypes.First(pair => pair.Value == type.DType).Key : typeof(string);
        var leaf = new DataField(type.Depth == 0 ? type.Name : ListField.ElementName, clr, isNullable: type.IsNullable);
        Field field = leaf;
        for (var level = type.Depth - 1; level >= 0; level--)
        {
            field = new ListField(level == 0 ? type.Name : ListField.ElementName, field);
        }

        return new ParquetColumn(leaf, field);
    }
}
