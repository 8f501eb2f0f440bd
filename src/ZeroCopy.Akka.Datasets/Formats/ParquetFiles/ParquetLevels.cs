using System.Runtime.InteropServices;

namespace ZeroCopy.Datasets.Formats.ParquetFiles;

/// <summary>
/// Parquet's repetition and definition levels, to and from places of lists. Source: Dremel's paper and the format's description; a
/// repetition level says at which list a value goes on, a definition level how much of the way to it is there.
/// </summary>
internal sealed class ParquetLevels(ParquetColumn column)
{
    private readonly int[] _elementLevels = column.ElementLevels;
    private readonly int _valueLevel = column.Leaf.MaxDefinitionLevel;

    /// <summary>The places of a column's lists, and what is null.</summary>
    /// <param name="definition">A level for each entry; empty where nothing can be missing.</param>
    /// <param name="repetition">A level for each entry; empty where there are no lists.</param>
    /// <param name="rows">Rows of the entries.</param>
    /// <exception cref="InvalidDataException">A list inside a list is null, which columns here have no place for.</exception>
    public LevelPlaces Read(ReadOnlySpan<int> definition, ReadOnlySpan<int> repetition, int rows)
    {
        var depth = _elementLevels.Length;
        if (depth == 1 && definition.IndexOfAnyExcept(_valueLevel) < 0)
        {
            return new LevelPlaces([Starts(repetition, rows)], [], []);
        }

        var places = new List<int>[depth];
        for (var level = 0; level < depth; level++)
        {
            places[level] = new List<int>(rows + 1);
        }

        var nulls = new bool[rows];
        var elementNulls = new List<bool>();
        var (row, elements, hasNulls, hasElementNulls) = (-1, 0, false, false);
        for (var i = 0; i < definition.Length; i++)
        {
            var defined = definition[i];
            var repeated = depth == 0 ? 0 : repetition[i];
            row += repeated == 0 ? 1 : 0;
            for (var level = repeated; level < depth; level++)
            {
                // A new list begins at this level where the one around it has an element here.
                if (level > 0 && defined < _elementLevels[level - 1])
                {
                    break;
                }

                places[level].Add(level == depth - 1 ? elements : places[level + 1].Count);
                if (level > 0 && defined < _elementLevels[level] - 1)
                {
                    throw new InvalidDataException($"'{column.Type.Name}' has a null list inside a list, which is not read here");
                }
            }

            if (depth == 0 ? defined < _valueLevel : defined < _elementLevels[0] - 1)
            {
                nulls[row] = hasNulls = true;
            }

            if (depth > 0 && defined >= _elementLevels[^1])
            {
                if (defined < _valueLevel && !hasElementNulls)
                {
                    hasElementNulls = true;
                    CollectionsMarshal.SetCount(elementNulls, elements);
                    CollectionsMarshal.AsSpan(elementNulls).Clear();
                }

                elements++;
                if (hasElementNulls)
                {
                    elementNulls.Add(defined < _valueLevel);
                }
            }
        }

        for (var level = depth - 1; level >= 0; level--)
        {
            places[level].Add(level == depth - 1 ? elements : places[level + 1].Count - 1);
        }

        return new LevelPlaces(places, hasNulls ? nulls : [], hasElementNulls ? [.. elementNulls] : []);
    }

    // The usual case, of many elements: nothing is missing, so each row begins where nothing is repeated.
    private static List<int> Starts(ReadOnlySpan<int> repetition, int rows)
    {
        var starts = new List<int>(rows + 1);
        for (var i = 0; i < repetition.Length; i++)
        {
            if (repetition[i] == 0)
            {
                starts.Add(i);
            }
        }

        starts.Add(repetition.Length);
        return starts;
    }
}
