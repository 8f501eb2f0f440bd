using System.Collections.Immutable;
using ZeroCopy.Datasets.Formats;
using ZeroCopy.Datasets.Rows;
using ZeroCopy.Tensors;

namespace ZeroCopy.Datasets.Jobs;

/// <summary>The columns that are carried over, each in a type that the output has. Thread-safe.</summary>
internal sealed class KeptColumns
{
    private readonly ImmutableArray<ColumnType> _targets;

    private KeptColumns(ImmutableArray<ColumnType> targets) => _targets = targets;

    /// <summary>
    /// Finds the types. Values of files without types go over as they stand where the output has none either; else the first rows say what
    /// they are: I64, F64, BOOL, lists of numbers, or texts.
    /// </summary>
    /// <param name="names">Names of the columns.</param>
    /// <param name="columns">The dataset's columns.</param>
    /// <param name="first">The first rows.</param>
    /// <param name="format">The output's format.</param>
    /// <exception cref="DatasetException">The output's format has nothing that holds a column.</exception>
    public static KeptColumns Create(
        ImmutableArray<string> names, ImmutableArray<ColumnType> columns, RowChunk first, DatasetFormat format)
    {
        var targets = names.Select(name => columns.First(column => column.Name == name)).Select(
            column => column.Kind == ElementKind.Number ? DatasetFormats.Written(format, column)
                : IsCarriedAsItStands(column, format) ? column
                : DatasetFormats.Written(format, ValueTypes.Guess(first.Find(column.Name)!)));
        return new KeptColumns([.. targets]);
    }

    /// <summary>The columns of some rows.</summary>
    /// <exception cref="RowException">A row is not of the type of the first ones.</exception>
    public IEnumerable<Column> Of(RowChunk rows) => _targets.Select(target => Convert(rows.Find(target.Name)!, target));

    /// <summary>A column in another type.</summary>
    internal static Column Convert(Column column, ColumnType target)
    {
        if (column.Type with { IsNullable = target.IsNullable } == target)
        {
            return column.Typed(target);
        }

        if (target.Kind != ElementKind.Number)
        {
            return ValueTypes.ToText(column).Typed(target);
        }

        if (column.Type.Kind != ElementKind.Number)
        {
            return NumberColumnBuilder.Build(column, target.DType, target.Depth).Typed(target);
        }

        var numbers = column.Numbers().Span;
        var converted = new byte[numbers.Length / column.Type.DType.ElementSize() * target.DType.ElementSize()];
        _ = NumberConversion.Convert(column.Type.DType, numbers, target.DType, converted);
        return column.WithNumbers(target.DType, converted).Typed(target);
    }

    // Texts of a typed file stay texts; those of CSV become what they look like wherever that can be said.
    private static bool IsCarriedAsItStands(ColumnType column, DatasetFormat format) =>
        (column.Kind == ElementKind.Json && DatasetFormats.Takes(format, ElementKind.Json)) || (column.Kind == ElementKind.Text
            && column.IsTyped)
        || (column.Kind == ElementKind.Text && format is DatasetFormat.Csv or DatasetFormat.Tsv);
}
