using ZeroCopy.Store;

namespace ZeroCopy.Node.Bench;

/// <summary>A folder of one run's own, beside the user's store and so on the same file system; deleted when the run ends.</summary>
internal sealed class BenchDirectory : IDisposable
{
    private readonly DirectoryInfo _directory =
        Directory.CreateDirectory($"{new ObjectStoreOptions().Directory}-bench-{Guid.NewGuid():N}");

    public string Path(string name) => System.IO.Path.Combine(_directory.FullName, name);

    public void Dispose() => _directory.Delete(recursive: true);
}
