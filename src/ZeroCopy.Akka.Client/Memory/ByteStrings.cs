using System.Buffers.Binary;
using System.Text;

namespace ZeroCopy.Client.Memory;

/// <summary>Elements of type <c>BYTES</c> as they lie in binary: each behind its length of four bytes.</summary>
internal static class ByteStrings
{
    /// <summary>Texts as UTF-8.</summary>
    public static byte[] Encode(ReadOnlySpan<string> texts)
    {
        var size = 0;
        foreach (var text in texts)
        {
            ArgumentNullException.ThrowIfNull(text, nameof(texts));
            size = checked(size + sizeof(int) + Encoding.UTF8.GetByteCount(text));
        }

        var (bytes, at) = (new byte[size], 0);
        foreach (var text in texts)
        {
            var written = Encoding.UTF8.GetBytes(text, bytes.AsSpan(at + sizeof(int)));
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), written);
            at += sizeof(int) + written;
        }

        return bytes;
    }

    /// <summary>Strings of bytes as they are.</summary>
    public static byte[] Encode(ReadOnlySpan<ReadOnlyMemory<byte>> strings)
    {
        var size = 0;
        foreach (var one in strings)
        {
            size = checked(size + sizeof(int) + one.Length);
        }

        var (bytes, at) = (new byte[size], 0);
        foreach (var one in strings)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), one.Length);
            one.Span.CopyTo(bytes.AsSpan(at + sizeof(int)));
            at += sizeof(int) + one.Length;
        }

        return bytes;
    }

    /// <summary>The elements, which lie where they are; null where the lengths do not end where the bytes do.</summary>
    public static List<ReadOnlyMemory<byte>>? Decode(ReadOnlyMemory<byte> bytes)
    {
        var strings = new List<ReadOnlyMemory<byte>>();
        while (bytes.Length >= sizeof(int))
        {
            var length = BinaryPrimitives.ReadUInt32LittleEndian(bytes.Span);
            if (length > bytes.Length - sizeof(int))
            {
                return null;
            }

            strings.Add(bytes.Slice(sizeof(int), (int)length));
            bytes = bytes[(sizeof(int) + (int)length)..];
        }

        return bytes.IsEmpty ? strings : null;
    }
}
