using System.Buffers.Binary;
using System.Text;
using Microsoft.Win32.SafeHandles;
using ZeroCopy.Errors;

namespace ZeroCopy.Torch.Script.Archives;

/// <summary>
/// Reads the central directory of a zip file and checks that every record lies inside the file, apart from the others. Source: PKWARE
/// APPNOTE 6.3.10.
/// </summary>
internal static class ZipDirectory
{
    private const int EndLength = 22;
    private const int MaxEntries = 1_000_000;
    private const int MaxDirectoryBytes = 256 << 20;

    public static List<ArchiveEntry> Read(SafeFileHandle file, string path)
    {
        var length = RandomAccess.GetLength(file);
        if (length < EndLength)
        {
            throw Invalid(path, length == 0 ? "the file is empty" : $"{length} bytes are too few for an archive");
        }

        var (start, size, count) = FindDirectory(file, path, length);
        var bytes = Bytes(file, path, start, (int)size);
        var entries = new List<ArchiveEntry>(count);
        var at = 0;
        for (var i = 0; i < count; i++)
        {
            var (entry, next) = ReadEntry(file, path, bytes, at, start);
            entries.Add(entry);
            at = next;
        }

        CheckApart(path, entries);
        return entries;
    }

    public static InvalidModelException Invalid(string path, string reason) => new($"{path}: {reason}.");

    private static (long Start, long Size, int Count) FindDirectory(SafeFileHandle file, string path, long length)
    {
        var tailLength = (int)Math.Min(length, EndLength + ushort.MaxValue);
        var tail = Bytes(file, path, length - tailLength, tailLength);
        var at = tail.AsSpan().LastIndexOf("PK\x05\x06"u8);
        if (at < 0 || at + EndLength > tail.Length)
        {
            throw Invalid(path, "not a PyTorch archive, or truncated: it has no zip directory at its end");
        }

        var end = tail.AsSpan(at);
        long count = BinaryPrimitives.ReadUInt16LittleEndian(end[10..]);
        long size = BinaryPrimitives.ReadUInt32LittleEndian(end[12..]);
        long start = BinaryPrimitives.ReadUInt32LittleEndian(end[16..]);
        var endOffset = length - tailLength + at;
        if ((count == ushort.MaxValue || size == uint.MaxValue || start == uint.MaxValue) && endOffset >= 20)
        {
            var locator = Bytes(file, path, endOffset - 20, 20);
            var record = BinaryPrimitives.ReadInt64LittleEndian(locator.AsSpan(8));
            if (!locator.AsSpan().StartsWith("PK\x06\x07"u8) || record < 0 || record > endOffset - 56)
            {
                throw Invalid(path, "the zip64 directory is damaged");
            }

            var large = Bytes(file, path, record, 56);
            if (!large.AsSpan().StartsWith("PK\x06\x06"u8))
            {
                throw Invalid(path, "the zip64 directory is damaged");
            }

            count = BinaryPrimitives.ReadInt64LittleEndian(large.AsSpan(32));
            size = BinaryPrimitives.ReadInt64LittleEndian(large.AsSpan(40));
            start = BinaryPrimitives.ReadInt64LittleEndian(large.AsSpan(48));
            endOffset = record;
        }

        if (count is < 0 or > MaxEntries || size is < 0 or > MaxDirectoryBytes || start < 0 || start > endOffset - size)
        {
            throw Invalid(path, $"the zip directory ({count} records, {size} bytes at {start}) does not fit the file of {length} bytes");
        }

        return (start, size, (int)count);
    }

    private static (ArchiveEntry Entry, int Next) ReadEntry(SafeFileHandle file, string path, byte[] directory, int at, long directoryStart)
    {
        if (at > directory.Length - 46 || !directory.AsSpan(at).StartsWith("PK\x01\x02"u8))
        {
            throw Invalid(path, "the zip directory is damaged");
        }

        var header = directory.AsSpan(at);
        int flags = BinaryPrimitives.ReadUInt16LittleEndian(header[8..]);
        int method = BinaryPrimitives.ReadUInt16LittleEndian(header[10..]);
        var crc = BinaryPrimitives.ReadUInt32LittleEndian(header[16..]);
        long stored = BinaryPrimitives.ReadUInt32LittleEndian(header[20..]);
        long length = BinaryPrimitives.ReadUInt32LittleEndian(header[24..]);
        int nameLength = BinaryPrimitives.ReadUInt16LittleEndian(header[28..]);
        int extraLength = BinaryPrimitives.ReadUInt16LittleEndian(header[30..]);
        int commentLength = BinaryPrimitives.ReadUInt16LittleEndian(header[32..]);
        long offset = BinaryPrimitives.ReadUInt32LittleEndian(header[42..]);
        var next = at + 46 + nameLength + extraLength + commentLength;
        if (next > directory.Length)
        {
            throw Invalid(path, "the zip directory is damaged");
        }

        var nameBytes = header.Slice(46, nameLength);
        var name = Encoding.UTF8.GetString(nameBytes);
        ReadLarge(header.Slice(46 + nameLength, extraLength), ref length, ref stored, ref offset);
        if ((flags & 1) != 0 || method is not (0 or 8) || (method == 0 && stored != length) || length < 0 || stored < 0)
        {
            throw Invalid(path, $"record '{name}' is encrypted or packed in an unknown way");
        }

        if (offset < 0 || offset > directoryStart - 30)
        {
            throw Invalid(path, $"record '{name}' lies outside the file");
        }

        var local = Bytes(file, path, offset, 30);
        var data = offset + 30 + BinaryPrimitives.ReadUInt16LittleEndian(local.AsSpan(26))
            + BinaryPrimitives.ReadUInt16LittleEndian(local.AsSpan(28));
        if (!local.AsSpan().StartsWith("PK\x03\x04"u8) || BinaryPrimitives.ReadUInt16LittleEndian(local.AsSpan(26)) != nameLength
            || BinaryPrimitives.ReadUInt16LittleEndian(local.AsSpan(8)) != method
            || data > directoryStart - stored || !Bytes(file, path, offset + 30, nameLength).AsSpan().SequenceEqual(nameBytes))
        {
            throw Invalid(path, $"record '{name}' is damaged or lies outside the file");
        }

        return (new ArchiveEntry(name, data, stored, length, method == 8, crc), next);
    }

    private static void ReadLarge(ReadOnlySpan<byte> extra, ref long length, ref long stored, ref long offset)
    {
        while (extra.Length >= 4)
        {
            int size = BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]);
            if (size > extra.Length - 4)
            {
                return;
            }

            if (BinaryPrimitives.ReadUInt16LittleEndian(extra) == 1)
            {
                var field = extra.Slice(4, size);
                Take(ref field, ref length);
                Take(ref field, ref stored);
                Take(ref field, ref offset);
            }

            extra = extra[(4 + size)..];
        }
    }

    private static void Take(ref ReadOnlySpan<byte> field, ref long value)
    {
        if (value == uint.MaxValue && field.Length >= 8)
        {
            value = BinaryPrimitives.ReadInt64LittleEndian(field);
            field = field[8..];
        }
    }

    private static void CheckApart(string path, List<ArchiveEntry> entries)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var end = 0L;
        foreach (var entry in entries.OrderBy(entry => entry.Offset))
        {
            if (entry.Offset < end)
            {
                throw Invalid(path, $"record '{entry.Name}' overlaps another one");
            }

            end = entry.Offset + entry.StoredLength;
            if (!names.Add(entry.Name))
            {
                throw Invalid(path, $"record '{entry.Name}' is there twice");
            }
        }
    }

    private static byte[] Bytes(SafeFileHandle file, string path, long offset, int count)
    {
        var bytes = new byte[count];
        for (var done = 0; done < count;)
        {
            var read = RandomAccess.Read(file, bytes.AsSpan(done), offset + done);
            if (read == 0)
            {
                throw Invalid(path, "the file is truncated");
            }

            done += read;
        }

        return bytes;
    }
}
