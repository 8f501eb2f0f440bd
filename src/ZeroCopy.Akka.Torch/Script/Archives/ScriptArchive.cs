using System.IO.Compression;
using System.IO.Hashing;
using Microsoft.Win32.SafeHandles;
using ZeroCopy.Errors;

namespace ZeroCopy.Torch.Script.Archives;

/// <summary>
/// A TorchScript file, opened and checked in managed code before libtorch sees any of it. Reading is thread-safe.
/// </summary>
internal sealed class ScriptArchive : IDisposable
{
    private const long MaxRecordBytes = 512 << 20;

    // Pickles and source files become many times as many bytes of objects.
    private const long MaxTextBytes = 64 << 20;
    private const int ChunkBytes = 1 << 20;
    private readonly SafeFileHandle _file;
    private readonly Dictionary<string, ArchiveEntry> _entries;

    private ScriptArchive(string path, SafeFileHandle file, string root, List<ArchiveEntry> entries)
    {
        Path = path;
        _file = file;
        Root = root;
        Entries = entries;
        _entries = entries.ToDictionary(entry => entry.Name[(root.Length + 1)..], StringComparer.Ordinal);
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The folder inside the archive that holds all records.</summary>
    public string Root { get; }

    /// <summary>All records in the file's order.</summary>
    public IReadOnlyList<ArchiveEntry> Entries { get; }

    /// <summary>Opens a file and checks that it is a TorchScript archive.</summary>
    /// <exception cref="InvalidModelException">
    /// Corrupt, truncated, empty, or another kind of file: the message says which and what to do.
    /// </exception>
    public static ScriptArchive Open(string path)
    {
        var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        try
        {
            CheckStart(file, path);
            var entries = ZipDirectory.Read(file, path);
            CheckUnpacked(path, entries);
            var root = RootOf(path, entries);
            var archive = new ScriptArchive(path, file, root, entries);
            archive.CheckKind();
            return archive;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>A record's name without the archive's folder.</summary>
    public string NameOf(ArchiveEntry entry) => entry.Name[(Root.Length + 1)..];

    /// <summary>A record by its name without the archive's folder; null where there is none.</summary>
    public ArchiveEntry? Find(string name) => _entries.GetValueOrDefault(name);

    /// <summary>Reads a small record whole and checks its CRC-32.</summary>
    public byte[] Read(ArchiveEntry entry)
    {
        var most = System.IO.Path.GetExtension(entry.Name) is ".py" or ".pkl" or ".debug_pkl" ? MaxTextBytes : MaxRecordBytes;
        if (entry.Length > most)
        {
            throw ZipDirectory.Invalid(Path, $"record '{entry.Name}' has {entry.Length} bytes; at most {most} are read");
        }

        var stored = new byte[entry.StoredLength];
        ReadStored(entry, 0, stored);
        var bytes = entry.Compressed ? Inflate(entry, stored) : stored;
        if (Crc32.HashToUInt32(bytes) != entry.Crc32)
        {
            throw ZipDirectory.Invalid(Path, $"record '{entry.Name}' is corrupt: its checksum does not match");
        }

        return bytes;
    }

    /// <summary>Reads bytes of an uncompressed record.</summary>
    public void ReadStored(ArchiveEntry entry, long offset, Span<byte> destination)
    {
        while (destination.Length > 0)
        {
            var read = RandomAccess.Read(_file, destination, entry.Offset + offset);
            if (read == 0)
            {
                throw ZipDirectory.Invalid(Path, $"the file ends inside record '{entry.Name}'");
            }

            destination = destination[read..];
            offset += read;
        }
    }

    /// <summary>Checks the CRC-32 of an uncompressed record without holding it in memory.</summary>
    public void Verify(ArchiveEntry entry, CancellationToken cancellationToken)
    {
        var crc = new Crc32();
        var buffer = new byte[Math.Min(ChunkBytes, entry.Length)];
        for (var done = 0L; done < entry.Length;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var chunk = buffer.AsSpan(0, (int)Math.Min(buffer.Length, entry.Length - done));
            ReadStored(entry, done, chunk);
            crc.Append(chunk);
            done += chunk.Length;
        }

        if (crc.GetCurrentHashAsUInt32() != entry.Crc32)
        {
            throw ZipDirectory.Invalid(Path, $"record '{entry.Name}' is corrupt: its checksum does not match");
        }
    }

    public void Dispose() => _file.Dispose();

    private static void CheckStart(SafeFileHandle file, string path)
    {
        Span<byte> start = stackalloc byte[2];
        if (RandomAccess.Read(file, start, 0) == 2 && start[0] == 0x80 && start[1] is >= 2 and <= 5)
        {
            throw ZipDirectory.Invalid(path, "a pickled Python object, which is never unpickled here; in Python save "
                + "torch.jit.script(model) or torch.jit.trace(model, example) with torch.jit.save, or its state with safetensors");
        }
    }

    // What is compressed becomes up to a thousand times as many bytes in memory, where all of it is held.
    private static void CheckUnpacked(string path, List<ArchiveEntry> entries)
    {
        var bytes = entries.Where(entry => entry.Compressed).Sum(entry => Math.Min(entry.Length, MaxRecordBytes + 1));
        if (bytes > MaxRecordBytes)
        {
            throw ZipDirectory.Invalid(
                path, $"its compressed records unpack to {bytes} bytes or more; at most {MaxRecordBytes} are read, so store them instead");
        }
    }

    private static string RootOf(string path, List<ArchiveEntry> entries)
    {
        var slash = entries.Count == 0 ? -1 : entries[0].Name.IndexOf('/', StringComparison.Ordinal);
        var root = slash < 0 ? "" : entries[0].Name[..slash];
        if (entries.Any(entry => entry.Name.EndsWith("serialized_exported_program.json", StringComparison.Ordinal)))
        {
            throw Exported(path);
        }

        // Nothing is ever unpacked to a disk, where a name might lead elsewhere.
        if (slash <= 0 || entries.Any(entry => !entry.Name.StartsWith(root + "/", StringComparison.Ordinal) || entry.Name.Contains('\0')
            || entry.Name.Split('/').Any(part => part is "." or "..")))
        {
            throw ZipDirectory.Invalid(path, "a zip file, but not one that PyTorch wrote: its records do not lie in one folder");
        }

        return root;
    }

    private byte[] Inflate(ArchiveEntry entry, byte[] stored)
    {
        try
        {
            var bytes = new byte[entry.Length];
            using var deflate = new DeflateStream(new MemoryStream(stored), CompressionMode.Decompress);
            deflate.ReadExactly(bytes);
            if (deflate.ReadByte() < 0)
            {
                return bytes;
            }
        }
        catch (Exception exception) when (exception is InvalidDataException or EndOfStreamException)
        {
            throw new InvalidModelException($"{Path}: record '{entry.Name}' is corrupt: it cannot be decompressed.", exception);
        }

        throw ZipDirectory.Invalid(Path, $"record '{entry.Name}' is longer than the directory says");
    }

    private static InvalidModelException Exported(string path) =>
        ZipDirectory.Invalid(path, "a torch.export archive, which Python's PyTorch runs and "
        + "libtorch does not load; in Python save torch.jit.trace(program.module(), example) with torch.jit.save");

    private void CheckKind()
    {
        if (Find("archive_format") is { } format && Read(format).AsSpan().SequenceEqual("pt2"u8))
        {
            throw Exported(Path);
        }

        if (Find("data.pkl") is null)
        {
            throw ZipDirectory.Invalid(Path, "a zip file, but not one that PyTorch wrote: it has no data.pkl");
        }

        if (Find("constants.pkl") is null || !_entries.Keys.Any(name => name.StartsWith("code/", StringComparison.Ordinal)))
        {
            throw ZipDirectory.Invalid(
                Path,
                "a pickled module or a bare state dictionary (torch.save), without code, which is never unpickled here; in Python save "
                + "torch.jit.script(model) or torch.jit.trace(model, example) with torch.jit.save, or the state dictionary with "
                + "safetensors.torch.save_file");
        }

        if (Find("byteorder") is { } order && !Read(order).AsSpan().SequenceEqual("little"u8))
        {
            throw ZipDirectory.Invalid(Path, "its numbers are not little-endian; save the model again on such a machine");
        }
    }
}
