using Parquet.Schema;
using ZeroCopy.Datasets.Rows;
using ZeroCopy.Tensors;

namespace ZeroCopy.Datasets.Formats.ParquetFiles;

/// <summary>A column of a Parquet file: numbers or texts, or lists of them.</summary>
/// <param name="Type">What it is here.</param>
/// <param name="Leaf">The field that has the elements.</param>
/// <param name="Lists">The lists around them, outermost first.</param>
internal sealed record ParquetColumn(ColumnType Type, DataField Leaf, IReadOnlyList<ListField> Lists)
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

    /// <summary>A field of a file; null where it is of another kind than columns are here, such as a map, a structure or a date.</summary>
    public static ParquetColumn? Of(Field field)
    {
        var lists = new List<ListField>();
        var inner = field;
        while (inner is ListField list)
        {
            lists.Add(list);
            inner = list.Item;
        }

        if (inner is not DataField leaf || (leaf.IsArray && lists.Count > 0))
        {
            return null;
        }

        var depth = leaf.IsArray ? 1 : lists.Count;
        var isNullable = leaf.IsNullable || lists.Count > 0;
        return leaf.ClrType == typeof(string) || leaf.ClrType == typeof(ReadOnlyMemory<char>)
            ? new ParquetColumn(new ColumnType(field.Name, ElementKind.Text, Depth: depth, IsNullable: isNullable), leaf, lists)
            : DTypes.TryGetValue(leaf.ClrType, out var dtype) && leaf.GetType() == typeof(DataField)
                ? new ParquetColumn(new ColumnType(field.Name, ElementKind.Number, dtype, depth, IsNullable: isNullable), leaf, lists)
                : null;
    }

    /// <summary>A column that is to be written.</summary>
    public static ParquetColumn Of(ColumnType type)
    {
        var clr = type.Kind == ElementKind.Number ? DTypes.First(pair => pair.Value == type.DType).Key : typeof(string);
        var leaf = new DataField(type.Depth == 0 ? type.Name : ListField.ElementName, clr, isNullable: type.IsNullable);
        var lists = new List<ListField>();
        for (var level = type.Depth - 1; level >= 0; level--)
        {
            lists.Insert(0, new ListField(level == 0 ? type.Name : ListField.ElementName, lists.Count == 0 ? leaf : lists[0]));
        }

        return new ParquetColumn(type, leaf, lists);
    }

    /// <summary>The column's outermost field.</summary>
    public Field Field => Lists.Count > 0 ? Lists[0] : Leaf;

    /// <summary>For each level of lists the definition level from which on a list has an element; one less, and it is there and
    /// empty.</summary>
    public int[] ElementLevels => Leaf.IsArray ? [Leaf.MaxDefinitionLevel] : [.. Lists.Select(list => list.MaxDefinitionLevel)];
}
