using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ZeroCopy.Memory;

/// <summary>What the BCL does for new files alone: reserving the pages of one that is there.</summary>
internal static partial class FilePages
{
    private const int Interrupted = 4;

    /// <summary>
    /// Takes memory for these bytes of a file in memory, where it has none yet: a write to a mapped page that finds no room would end the
    /// process. What the file holds stays as it is.
    /// </summary>
    /// <exception cref="IOException">The file system has no room for it, or the file was not opened for writing.</exception>
    public static void Reserve(SafeFileHandle file, long offset, long length)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        int error;
        do
        {
            error = Allocate(file, offset, length);
        }
        while (error == Interrupted);

        if (error != 0)
        {
            throw new IOException($"{length} bytes of it cannot be reserved: {Marshal.GetPInvokeErrorMessage(error)}.");
        }
    }

    [LibraryImport("libc", EntryPoint = "posix_fallocate")]
    private static partial int Allocate(SafeFileHandle file, long offset, long length);
}
