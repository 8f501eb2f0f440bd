using System.Runtime.InteropServices;

namespace ZeroCopy.Memory;

/// <summary>What the BCL has no call for: filling page tables ahead of use.</summary>
internal static unsafe partial class MemoryAdvice
{
    // MADV_POPULATE_READ of Linux 5.14. MAP_POPULATE would copy every page of a private writable mapping; this only maps the shared ones.
    private const int PopulateRead = 22;

    /// <summary>Maps the pages now. Best effort: an older kernel leaves them to be mapped on first touch.</summary>
    public static void Populate(byte* address, long length)
    {
        if (OperatingSystem.IsLinux())
        {
            _ = Advise(address, (nuint)length, PopulateRead);
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(byte* address, nuint length, int advice);
}
