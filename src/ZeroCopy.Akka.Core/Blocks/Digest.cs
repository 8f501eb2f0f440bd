using System.Buffers.Binary;
using System.Security.Cryptography;

namespace ZeroCopy.Blocks;

/// <summary>A SHA-256 value held in four words, so that it is a cheap dictionary key. Source: FIPS 180-4.</summary>
internal readonly record struct Digest(ulong A, ulong B, ulong C, ulong D) : IComparable<Digest>
{
    public const int Size = 32;

    public static Digest From(ReadOnlySpan<byte> hash)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(hash.Length, Size);
        return new Digest(
            BinaryPrimitives.ReadUInt64BigEndian(hash),
            BinaryPrimitives.ReadUInt64BigEndian(hash[8..]),
            BinaryPrimitives.ReadUInt64BigEndian(hash[16..]),
            BinaryPrimitives.ReadUInt64BigEndian(hash[24..]));
    }

    public static Digest Of(ReadOnlySpan<byte> content)
    {
        Span<byte> hash = stackalloc byte[Size];
        SHA256.HashData(content, hash);
        return From(hash);
    }

    public static bool TryParse(ReadOnlySpan<char> hex, out Digest digest)
    {
        Span<byte> hash = stackalloc byte[Size];
        if (hex.Length != 2 * Size || hex.IndexOfAnyInRange('A', 'F') >= 0
            || Convert.FromHexString(hex, hash, out _, out _) != System.Buffers.OperationStatus.Done)
        {
            digest = default;
            return false;
        }

        digest = From(hash);
        return true;
    }

    /// <summary>As for text, from the same digits in UTF-8.</summary>
    public static bool TryParse(ReadOnlySpan<byte> hex, out Digest digest)
    {
        Span<byte> hash = stackalloc byte[Size];
        if (hex.Length != 2 * Size || hex.IndexOfAnyInRange((byte)'A', (byte)'F') >= 0
            || Convert.FromHexString(hex, hash, out _, out _) != System.Buffers.OperationStatus.Done)
        {
            digest = default;
            return false;
        }

        digest = From(hash);
        return true;
    }

    public int CompareTo(Digest other)
    {
        var order = A.CompareTo(other.A);
        order = order != 0 ? order : B.CompareTo(other.B);
        order = order != 0 ? order : C.CompareTo(other.C);
        return order != 0 ? order : D.CompareTo(other.D);
    }

    public void CopyTo(Span<byte> hash)
    {
        BinaryPrimitives.WriteUInt64BigEndian(hash, A);
        BinaryPrimitives.WriteUInt64BigEndian(hash[8..], B);
        BinaryPrimitives.WriteUInt64BigEndian(hash[16..], C);
        BinaryPrimitives.WriteUInt64BigEndian(hash[24..], D);
    }

    public override string ToString() => $"{A:x16}{B:x16}{C:x16}{D:x16}";
}
