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

    /// <summary>
    /// Whether values of a meaning can be written to Parquet: of decimals, those of up to 38 digits; of points in time, those to the
    /// millisecond, as the library writes the least and greatest of a column in milliseconds whatever its unit is (Parquet.Net 6.1.0), by
    /// which others who read the file leave out rows that they look for.
    /// </summary>
    public static bool Takes(ValueMeaning meaning) => meaning.Kind switch
    {
        ValueKind.Decimal => meaning is { Precision: <= 38, Digits: >= 0 } && meaning.Digits <= meaning.Precision,
        ValueKind.Timestamp => meaning.Digits <= 3,
        _ => true,
    };

    /// <summary>The fields for a column.</summary>
    public static ParquetColumn Of(ColumnType type)
    {
        if (type.Meaning is { } meaning)
        {
            var value = Of(type, meaning);
            return new ParquetColumn(value, value);
        }

        var clr = type.Kind == ElementKind.Number ? DTypes.First(pair => pair.Value == type.DType).Key : typeof(string);
        var leaf = new DataField(type.Depth == 0 ? type.Name : ListField.ElementName, clr, isNullable: type.IsNullable);
        Field field = leaf;
        for (var level = type.Depth - 1; level >= 0; level--)
        {
            field = new ListField(level == 0 ? type.Name : ListField.ElementName, field);
        }

        return new ParquetColumn(leaf, field);
    }

    private static DataField Of(ColumnType type, ValueMeaning meaning) => meaning.Kind switch
    {
        ValueKind.Date => new DateTimeDataField(type.Name, DateTimeFormat.Date, isNullable: type.IsNullable),
        ValueKind.Time => new TimeDataField(
            type.Name,
            meaning.Digits switch { <= 3 => TimeUnitPrecision.Millis, 6 => TimeUnitPrecision.Micros, _ => TimeUnitPrecision.Nanos },
            type.IsNullable)
        {
            IsAdjustedToUtc = false,
        },
        ValueKind.Timestamp => new DateTimeDataField(
            type.Name, DateTimeFormat.Timestamp, meaning.Zone is not null, DateTimeTimeUnit.Millis, type.IsNullable),
        _ => new BigDecimalDataField(type.Name, meaning.Precision, meaning.Digits, type.IsNullable),
    };
}
