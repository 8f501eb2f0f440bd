namespace ZeroCopy.Datasets.Formats.ParquetFiles;

/// <summary>Where lists begin, and what is null.</summary>
/// <param name="Offsets">For each level of lists the places of their beginnings, and the last one's end.</param>
/// <param name="Nulls">True for rows that are null; empty where none is.</param>
/// <param name="ElementNulls">True for elements of lists that are null; empty where none is.</param>
internal sealed record LevelPlaces(List<int>[] Offsets, bool[] Nulls, bool[] ElementNulls);
