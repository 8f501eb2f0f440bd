using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using ZeroCopy.Content;
using ZeroCopy.Manifests;
using ZeroCopy.Tensors;

namespace ZeroCopy.Torch.Script.Archives;

/// <summary>
/// A zip archive of stored records as a tensor of bytes. What is taken over from the file is read from there when it is asked for, so that
/// a script with much that cannot be shared is put in little memory. Fixed times and no compression: the same model has the same bytes on
/// every host. Source: PKWARE APPNOTE 6.3.10.
/// </summary>
internal sealed class SkeletonArchive : TensorSource
{
    private const int Version = 20;
    private const int FirstDay = 0x21;
    private const int LocalHeaderBytes = 30;
    private const int ExtraHeaderBytes = 4;
    private const int Alignment = 64;

    private readonly ScriptArchive _archive;
    private readonly List<Part> _parts;
    private readonly Dictionary<string, long> _offsets;

    private SkeletonArchive(ScriptArchive archive, List<Part> parts, Dictionary<string, long> offsets)
        : base("script", TensorRole.Attribute, new TensorLayout(DType.UInt8, parts[^1].End))
    {
        _archive = archive;
        _parts = parts;
        _offsets = offsets;
    }

    /// <summary>Where a record's bytes begin; the record is there.</summary>
    public long OffsetOf(string record) => _offsets[record];

    /// <summary>
    /// The records of <paramref name="archive"/> in their order, with other content for those that <paramref name="changed"/> names, and
    /// without those that it gives none; then those that <paramref name="added"/> names. Tensors are read where they lie, so the records of
    /// <paramref name="aligned"/>, and all that are added, begin on 64 bytes.
    /// </summary>
    /// <exception cref="ZeroCopy.Errors.InvalidModelException">
    /// They are too many for a plain archive, or take more than the 2 GiB that a script is loaded from.
    /// </exception>
    public static SkeletonArchive Create(
        ScriptArchive archive,
        IReadOnlyDictionary<string, byte[]?> changed,
        IReadOnlySet<string> aligned,
        IReadOnlyDictionary<string, byte[]> added)
    {
        if (archive.Entries.Count > ushort.MaxValue)
        {
            throw ZipDirectory.Invalid(archive.Path, $"it has more than {ushort.MaxValue} records");
        }

        var parts = new List<Part>();
        var offsets = new Dictionary<string, long>(StringComparer.Ordinal);
        var directory = new MemoryStream();
        var records = archive.Entries.Where(entry => !changed.TryGetValue(entry.Name, out var content) || content is not null)
            .Select(entry => (entry.Name, Entry: (ArchiveEntry?)entry, Content: changed.GetValueOrDefault(entry.Name)))
            .Concat(added.Select(record => (Name: record.Key, Entry: (ArchiveEntry?)null, Content: (byte[]?)record.Value))).ToList();
        foreach (var (recordName, entry, given) in records)
        {
            // What is compressed is text.
            var content = given ?? (entry!.Compressed ? archive.Read(entry) : null);
            var (length, crc) = content is null ? (entry!.Length, entry.Crc32) : (content.Length, Crc32.HashToUInt32(content));
            var start = End(parts);
            if (start + length > Array.MaxLength)
            {
                throw ZipDirectory.Invalid(
                    archive.Path,
                    "what is not shared of it (constants of a frozen graph, tensors in lists) takes over 2 GiB; export it unfrozen");
            }

            var name = Encoding.UTF8.GetBytes(recordName);
            byte[] about =
            [
                .. Half(0), .. Half(0), .. Half(0), .. Half(FirstDay), .. Word(crc), .. Word((uint)length), .. Word((uint)length),
                .. Half(name.Length),
            ];
            var padding = entry is null || aligned.Contains(recordName) ? Padding(start + LocalHeaderBytes + name.Length) : [];
            Add(parts, [.. "PK\x03\x04"u8, .. Half(Version), .. about, .. Half(padding.Length), .. name, .. padding]);
            offsets[recordName] = End(parts);
            parts.Add(new Part(End(parts), End(parts) + length, content, entry));
            directory.Write("PK\x01\x02"u8);
            directory.Write([
                .. Half(Version), .. Half(Version), .. about, .. Half(0), .. Half(0), .. Half(0), .. Half(0), .. Word(0),
                .. Word((uint)start), .. name,
            ]);
        }

        var (count, at) = (records.Count, End(parts));
        Add(parts, directory.ToArray());
        Add(
            parts,
            [
                .. "PK\x05\x06"u8, .. Half(0), .. Half(0), .. Half(count), .. Half(count), .. Word((uint)directory.Length),
                .. Word((uint)at), .. Half(0),
            ]);
        return new SkeletonArchive(archive, parts, offsets);
    }

    public override void Read(long offset, Span<byte> destination)
    {
        for (var i = PartAt(offset); destination.Length > 0; i++)
        {
            var part = _parts[i];
            var inside = offset - part.Start;
            var length = (int)Math.Min(destination.Length, part.End - offset);
            if (part.Content is { } content)
            {
                content.AsSpan((int)inside, length).CopyTo(destination);
            }
            else
            {
                _archive.ReadStored(part.Entry!, inside, destination[..length]);
            }

            destination = destination[length..];
            offset += length;
        }
    }

    // An extra field of a kind that readers pass over, as PyTorch writes it.
    private static byte[] Padding(long end)
    {
        var length = (int)(Alignment - ((end + ExtraHeaderBytes) % Alignment)) % Alignment;
        return [.. "FB"u8, .. Half(length), .. new byte[length]];
    }

    private int PartAt(long offset)
    {
        var (low, high) = (0, _parts.Count - 1);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _parts[middle].End <= offset ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    private static long End(List<Part> parts) => parts.Count == 0 ? 0 : parts[^1].End;

    private static void Add(List<Part> parts, byte[] content) =>
        parts.Add(new Part(End(parts), End(parts) + content.Length, content, null));

    private static byte[] Half(int value)
    {
        var bytes = new byte[sizeof(ushort)];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, checked((ushort)value));
        return bytes;
    }

    private static byte[] Word(uint value)
    {
        var bytes = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return bytes;
    }

    /// <summary>A piece of the archive: bytes in memory, or a record of the file.</summary>
    private sealed record Part(long Start, long End, byte[]? Content, ArchiveEntry? Entry);
}
