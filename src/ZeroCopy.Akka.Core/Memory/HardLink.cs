using System.Runtime.InteropServices;

namespace ZeroCopy.Memory;

/// <summary>Further names of files, which .NET does not make.</summary>
internal static partial class HardLink
{
    /// <summary>
    /// Gives a file a further name, in one step that only one of several processes does; false where the name is taken, or the file system
    /// has no such names.
    /// </summary>
    public static bool TryCreate(string path, string file) => Link(file, path) == 0;

    [LibraryImport("libc", EntryPoint = "link", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string file, string path);
}
