using ZeroCopy.Memory;
using ZeroCopy.Serving.Protocol;

namespace ZeroCopy.Serving.Regions;

/// <summary>
/// Opens shared memory objects by the names that <c>shm_open</c> takes: files that lie directly in <c>/dev/shm</c>, that are the user's own
/// whom the server runs as, and no links. Whoever can cut such a file while it is mapped is that user, who could end the server anyway.
/// </summary>
internal static class SharedObject
{
    private const string Folder = "/dev/shm";

    /// <exception cref="RequestException">There is no such object, or it is not for this server.</exception>
    public static FileStream Open(string key)
    {
        var name = key.StartsWith('/') ? key[1..] : key;
        if (name is "" or "." or ".." || name.Contains('/', StringComparison.Ordinal) || name.Contains('\0', StringComparison.Ordinal))
        {
            throw new RequestException($"The key is '{key}' but must be the name of a shared memory object, such as /tensors.");
        }

        var path = $"{Folder}/{name}";
        FileStream file;
        try
        {
            file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RequestException($"There is no shared memory object '{key}' that can be read and written here.", e);
        }

        // Looked at behind the opening, and by what is open: a name can change its file at any time.
        var open = $"/proc/self/fd/{file.SafeFileHandle.DangerousGetHandle()}";
        if (new FileInfo(open).LinkTarget == path && FileOwner.TryGet(open, out var owner, out var self) && owner == self)
        {
            return file;
        }

        file.Dispose();
        throw new RequestException($"Shared memory object '{key}' is not a file of the user whom the server runs as.");
    }
}
