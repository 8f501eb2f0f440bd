using ZeroCopy.Datasets.Rows;

namespace ZeroCopy.Datasets.Formats.ParquetFiles;

/// <summary>Parquet's levels of the rows of a column: one definition and one repetition level for each element, empty list and
/// null.</summary>
internal sealed class LevelWriter
{
    private readonly Column _column;
    private readonly int _valueLevel;
    private readonly int _depth;
    private int[] _definition;
    private int[] _repetition;
    private int _count;

    private LevelWriter(Column column, int valueLevel)
    {
        _column = column;
        _valueLevel = valueLevel;
        _depth = column.Type.Depth;
        var (low, high) = column.Range(_depth);
        _definition = new int[Math.Max(16, high - low + column.Rows)];
        _repetition = new int[_depth == 0 ? 0 : _definition.Length];
    }

    /// <summary>The levels of all rows.</summary>
    /// <param name="column">The rows.</param>
    /// <param name="valueLevel">The definition level of an element that is there.</param>
    /// <param name="definitions">Memory that the definition levels may lie in.</param>
    /// <param name="repetitions">Memory that the repetition levels may lie in.</param>
    public static (ReadOnlyMemory<int> Definition, ReadOnlyMemory<int> Repetition) Of(
        Column column, int valueLevel, LevelBuffer definitions, LevelBuffer repetitions)
    {
        if (column.Type.Depth == 1 && column.Nulls.IsEmpty && column.ElementNulls.IsEmpty)
        {
            var (low, high) = column.Range(1);
            var (definition, repetition) = (definitions.Of(high - low), repetitions.Of(high - low));
            if (TryWholeLists(column.Offsets[0].Span, valueLevel, definition.Span, repetition.Span))
            {
                return (definition, repetition);
            }
        }

        var writer = new LevelWriter(column, valueLevel);
        for (var row = 0; row < column.Rows; row++)
        {
            if (column.IsNull(row))
            {
                writer.Add(0, 0);
            }
            else
            {
                writer.AddList(row, 0, 0);
            }
        }

        return (writer._definition.AsMemory(0, writer._count), writer._depth == 0
            ? default : writer._repetition.AsMemory(0, writer._count));
    }

    // The usual case, of many elements: nothing is missing. False where a list is empty.
    private static bool TryWholeLists(ReadOnlySpan<int> places, int valueLevel, Span<int> definition, Span<int> repetition)
    {
        definition.Fill(valueLevel);
        repetition.Fill(1);
        for (var row = 0; row < places.Length - 1; row++)
        {
            if (places[row] == places[row + 1])
            {
                return false;
            }

            repetition[places[row] - places[0]] = 0;
        }

        return true;
    }

    // A list is nullable and its elements repeat: each level that is there adds one for the list and one for an element.
    private void AddList(int at, int level, int repetition)
    {
        if (level == _depth)
        {
            Add(_column.IsNullElement(at) ? _valueLevel - 1 : _valueLevel, repetition);
            return;
        }

        var places = _column.Offsets[level].Span;
        if (places[at] == places[at + 1])
        {
            Add(2 * level + 1, repetition);
        }

        for (var i = places[at]; i < places[at + 1]; i++)
        {
            AddList(i, level + 1, i == places[at] ? repetition : level + 1);
        }
    }

    private void Add(int definition, int repetition)
    {
        if (_count == _definition.Length)
        {
            Array.Resize(ref _definition, _count * 2);
            Array.Resize(ref _repetition, _depth == 0 ? 0 : _count * 2);
        }

        _definition[_count] = definition;
        if (_depth > 0)
        {
            _repetition[_count] = repetition;
        }

        _count++;
    }
}
