namespace ZeroCopy.Datasets.Rows;

/// <summary>Memory for the rows of a call: each input, and each column, is one array.</summary>
internal static class RowMemory
{
    /// <summary>Zeroed bytes for the rows of an input or a column.</summary>
    /// <exception cref="DatasetException">They are more than an array has.</exception>
    public static byte[] Allocate(string name, int rows, long bytes)
    {
        Check(name, rows, bytes);
        return new byte[bytes];
    }

    /// <summary>Makes room for so many bytes, and for twice as many as before where an array has as many.</summary>
    /// <exception cref="DatasetException">They are more than an array has.</exception>
    public static void Grow(ref byte[] memory, string name, long bytes)
    {
        // What all rows take is not known here, but what is refused.
        if (bytes > Array.MaxLength)
        {
            throw new DatasetException(
                $"'{name}' takes more bytes than the {Array.MaxLength} that it can have in a call; use a smaller --batch-size.");
        }

        Array.Resize(ref memory, (int)Math.Min(Array.MaxLength, Math.Max(bytes, 2L * memory.Length)));
    }

    /// <summary>Refuses what <see cref="Allocate"/> would refuse.</summary>
    /// <exception cref="DatasetException">The bytes are more than an array has.</exception>
    public static void Check(string name, long rows, long bytes)
    {
        if (bytes > Array.MaxLength)
        {
            throw new DatasetException(
                $"'{name}' takes {bytes} bytes for {rows} rows, and can have {Array.MaxLength} in a call; use a smaller --batch-size.");
        }
    }
}
