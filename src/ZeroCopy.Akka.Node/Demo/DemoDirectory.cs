using ZeroCopy.Store;

namespace ZeroCopy.Node.Demo;

/// <summary>
/// Where the demo works: files of its own in a temporary folder, and a store, of its own too unless one was given. What is its
/// own goes when it ends.
/// </summary>
internal sealed class DemoDirectory : IDisposable
{
    /// <summary>BERT-base, the digits, and room to breathe.</summary>
    private const long NeededBytes = 600L << 20;

    private readonly DirectoryInfo _files = Directory.CreateTempSubdirectory("zerocopy-demo-");
    private readonly string? _ownStore;

    public DemoDirectory(string? store)
    {
        if (store is null)
        {
            var folder = $"{new ObjectStoreOptions().Directory}-demo-{Environment.ProcessId}-{Guid.NewGuid():N}";
            _ownStore = Room(folder) >= NeededBytes ? folder : File("store");
        }

        Store = store ?? _ownStore!;
    }

    /// <summary>The store's directory.</summary>
    public string Store { get; }

    public string File(string name) => Path.Combine(_files.FullName, name);

    public void Dispose()
    {
        if (Directory.Exists(_ownStore))
        {
            Directory.Delete(_ownStore, recursive: true);
        }

        _files.Delete(recursive: true);
    }

    private static long Room(string folder)
    {
        var parent = new DirectoryInfo(folder).Parent;
        while (parent is { Exists: false })
        {
            parent = parent.Parent;
        }

        return parent is null ? 0 : new DriveInfo(parent.FullName).AvailableFreeSpace;
    }
}
