using System.Runtime.InteropServices;

namespace ZeroCopy.Datasets.Journal;

/// <summary>Extended attributes of files, where the system and its file system have them: Linux.</summary>
internal static partial class FileAttribute
{
    private const int MaxBytes = 1 << 16;

    /// <summary>Sets an attribute; false where that cannot be.</summary>
    public static bool TrySet(string path, string name, byte[] value) =>
        OperatingSystem.IsLinux() && SetAttribute(path, name, value, (nuint)value.Length, 0) == 0;

    /// <summary>An attribute; null where there is none.</summary>
    public static byte[]? Get(string path, string name)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        var value = new byte[MaxBytes];
        var length = GetAttribute(path, name, value, (nuint)value.Length);
        return length < 0 ? null : value[..(int)length];
    }

    [LibraryImport("libc", EntryPoint = "setxattr", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetAttribute(string path, string name, byte[] value, nuint size, int flags);

    [LibraryImport("libc", EntryPoint = "getxattr", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint GetAttribute(string path, string name, [Out] byte[] value, nuint size);
}
