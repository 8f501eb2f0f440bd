namespace ZeroCopy.Datasets.Formats.ParquetFiles;

/// <summary>
/// Memory for the levels of one column after the other: as large as those of a whole row group, it would be much to collect each time.
/// Not thread-safe.
/// </summary>
internal sealed class LevelBuffer
{
    private int[] _levels = [];

    /// <summary>Memory for so many levels, with what the column before has left there.</summary>
    public Memory<int> Of(int count)
    {
        if (_levels.Length < count)
        {
            _levels = GC.AllocateUninitializedArray<int>(count);
        }

        return _levels.AsMemory(0, count);
    }
}
