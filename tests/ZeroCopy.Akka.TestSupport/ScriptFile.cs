using System.IO.Compression;

namespace ZeroCopy.TestSupport;

/// <summary>The records of a TorchScript file, to be changed and written again with checksums that are right.</summary>
public sealed class ScriptFile
{
    private readonly List<KeyValuePair<string, byte[]>> _records = [];

    public ScriptFile(string path)
    {
        using var zip = ZipFile.OpenRead(path);
        foreach (var entry in zip.Entries)
        {
            using var stream = entry.Open();
            using var bytes = new MemoryStream();
            stream.CopyTo(bytes);
            _records.Add(KeyValuePair.Create(entry.FullName, bytes.ToArray()));
        }
    }

    /// <summary>Whether there is a record of that name.</summary>
    public bool Has(string name) => Find(name) >= 0;

    /// <summary>A record by its name without the archive's folder.</summary>
    public byte[] Read(string name) => _records[Find(name)].Value;

    /// <summary>Puts other content into a record.</summary>
    public void Write(string name, byte[] content) => _records[Find(name)] = KeyValuePair.Create(_records[Find(name)].Key, content);

    /// <summary>Adds a record.</summary>
    public void Add(string name, byte[] content) =>
        _records.Add(KeyValuePair.Create(_records[0].Key[..(_records[0].Key.IndexOf('/', StringComparison.Ordinal) + 1)] + name, content));

    public void Save(string path)
    {
        using var stream = File.Create(path);
        using var zip = new ZipArchive(stream, ZipArchiveMode.Create);
        foreach (var (name, content) in _records)
        {
            using var record = zip.CreateEntry(name, CompressionLevel.NoCompression).Open();
            record.Write(content);
        }
    }

    private int Find(string name) =>
        _records.FindIndex(record => record.Key[(record.Key.IndexOf('/', StringComparison.Ordinal) + 1)..] == name);
}
