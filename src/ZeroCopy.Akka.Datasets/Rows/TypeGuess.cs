using ZeroCopy.Tensors;

namespace ZeroCopy.Datasets.Rows;

/// <summary>
/// Says what all values of a column are that no schema describes: I64 or F64 where every row is such a number, or lists of them of one
/// depth; BOOL where all are true or false; else text. NaN and the infinities are F64 beside numbers alone. Not thread-safe.
/// </summary>
internal sealed class TypeGuess(string name)
{
    private readonly List<DType> _possible = [DType.Int64, DType.Float64, DType.Bool];
    private int? _depth;
    private bool _hasDigits;

    /// <summary>Whether only text is left, whatever comes.</summary>
    public bool IsText => _possible.Count == 0;

    /// <summary>What all values that were seen are.</summary>
    public ColumnType Type => _depth is { } depth && !IsText && (_possible[0] != DType.Float64 || _hasDigits)
        ? new ColumnType(name, ElementKind.Number, _possible[0], depth, IsNullable: true)
        : ColumnType.Text(name) with { IsNullable = true };

    /// <summary>Looks at the values of some rows.</summary>
    public void See(Column column)
    {
        if (!Enumerable.Range(0, column.Rows).All(column.IsNull))
        {
            _depth ??= NumberColumnBuilder.Depth(column);
            _hasDigits = _hasDigits || ValueTypes.HasDigits(column);
            _possible.RemoveAll(dtype => ValueTypes.AllAre(column, dtype)?.Depth != _depth);
        }
    }
}
