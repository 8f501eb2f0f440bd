using System.IO.Hashing;
using Microsoft.Win32.SafeHandles;

namespace ZeroCopy.Datasets.Journal;

/// <summary>Hashes pieces of files, against accidents and not against enemies.</summary>
internal static class FileHash
{
    private const int BlockBytes = 1 << 20;
    private const int EdgeBytes = 1 << 16;

    /// <summary>The hash of bytes <paramref name="start"/> to <paramref name="end"/>, exclusive; null where the file ends before.</summary>
    public static string? OfRange(SafeFileHandle file, long start, long end)
    {
        var hash = new XxHash128();
        var block = new byte[(int)Math.Min(BlockBytes, Math.Max(1, end - start))];
        while (start < end)
        {
            var read = RandomAccess.Read(file, block.AsSpan(0, (int)Math.Min(block.Length, end - start)), start);
            if (read == 0)
            {
                return null;
            }

            hash.Append(block.AsSpan(0, read));
            start += read;
        }

        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    /// <summary>The hash of a file's bytes from <paramref name="start"/> to <paramref name="end"/>; null where it is not there or is
    /// shorter.</summary>
    public static string? OfRange(string path, long start, long end)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        return OfRange(file, start, end);
    }

    /// <summary>The hash of a file's first and last bytes, where formats have their headers and footers.</summary>
    public static string OfEdges(SafeFileHandle file)
    {
        var length = RandomAccess.GetLength(file);
        return OfRange(file, 0, Math.Min(EdgeBytes, length)) + OfRange(file, Math.Max(0, length - EdgeBytes), length);
    }
}
