namespace ZeroCopy.Serving.Tests.Fakes;

/// <summary>A shared memory object of a test's own.</summary>
internal sealed class SharedObjectFile : IDisposable
{
    public SharedObjectFile(int size) => File.WriteAllBytes(Path, new byte[size]);

    /// <summary>As <c>shm_open</c> takes it.</summary>
    public string Key { get; } = $"/zerocopy-test-{Guid.NewGuid():N}";

    public string Path => $"/dev/shm{Key}";

    public byte[] Bytes
    {
        get => File.ReadAllBytes(Path);
        set
        {
            // In place: the file stays the one that is mapped.
            using var file = new FileStream(Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            file.Write(value);
        }
    }

    public void Dispose() => File.Delete(Path);
}
