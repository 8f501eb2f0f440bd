namespace ZeroCopy.Store.Files;

/// <summary>Segments and manifests of a store that could not be read. Its users hold the catalog's gate.</summary>
internal sealed class UnreadableFiles
{
    private readonly Dictionary<string, UnreadableFile> _files = new(StringComparer.Ordinal);

    /// <summary>All of them, by path.</summary>
    public IEnumerable<UnreadableFile> All => _files.Values.OrderBy(file => file.Path, StringComparer.Ordinal);

    /// <summary>Whether a file is damaged: to be read no more.</summary>
    public bool IsDamaged(string path) => _files.TryGetValue(path, out var file) && file.IsDamaged;

    /// <summary>Whether some file of a folder is to be read again.</summary>
    public bool IsIncomplete(string folder) => _files.Values.Any(file => !file.IsDamaged && file.Folder == folder);

    /// <summary>Whether some damaged file of a folder was written anew.</summary>
    public bool HasChanged(string folder) => _files.Values.Any(file => file.IsDamaged && file.Folder == folder && file.HasChanged);

    /// <summary>Bytes of the files of a folder.</summary>
    public long BytesIn(string folder) => _files.Values.Where(file => file.Folder == folder).Sum(file => file.Bytes);

    /// <summary>Adds a file, or what is known of it now.</summary>
    public void Add(UnreadableFile file) => _files[file.Path] = file;

    /// <summary>Forgets a file that was deleted, or written anew.</summary>
    public void Remove(string path) => _files.Remove(path);

    /// <summary>Keeps of a folder's files only those that are still there and damaged, as they were.</summary>
    public void Retain(string folder, HashSet<string> present)
    {
        foreach (var file in _files.Values.Where(file => file.Folder == folder && !IsAsItWas(file)).ToArray())
        {
            _files.Remove(file.Path);
        }

        bool IsAsItWas(UnreadableFile file) => file.IsDamaged && present.Contains(Path.GetFileName(file.Path)) && !file.HasChanged;
    }
}
