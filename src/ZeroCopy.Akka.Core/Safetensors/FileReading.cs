using Microsoft.Win32.SafeHandles;

namespace ZeroCopy.Safetensors;

/// <summary>Reads of open files.</summary>
internal static class FileReading
{
    /// <summary>
    /// Fills <paramref name="destination"/> from a byte of the file on; returns fewer than its bytes only where the file ends.
    /// </summary>
    public static int ReadUpTo(this SafeFileHandle file, Span<byte> destination, long offset)
    {
        var done = 0;
        while (done < destination.Length && RandomAccess.Read(file, destination[done..], offset + done) is > 0 and var read)
        {
            done += read;
        }

        return done;
    }
}
