using Microsoft.Win32.SafeHandles;

namespace ZeroCopy.Store.Files;

/// <summary>
/// Files that are in use are held open with a shared lock by their users; only who gets the exclusive lock may delete one.
/// </summary>
internal static class ExclusiveFile
{
    /// <summary>The exclusive lock on a file, or null where somebody uses it. A file that is gone throws.</summary>
    public static SafeFileHandle? TryLock(string path)
    {
        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.None);
        }
        catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException))
        {
            return null;
        }
    }

    /// <summary>Deletes a file unless somebody uses it; true where it is gone afterwards.</summary>
    public static bool TryDelete(string path)
    {
        try
        {
            using var handle = TryLock(path);
            if (handle is null)
            {
                return false;
            }

            if (OperatingSystem.IsWindows())
            {
                // There an open handle forbids deletion, so the lock has to go first; a reader in between makes the deletion fail.
                handle.Dispose();
            }

            File.Delete(path);
            return true;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return true;
        }
        catch (IOException) when (OperatingSystem.IsWindows())
        {
            return false;
        }
    }
}
