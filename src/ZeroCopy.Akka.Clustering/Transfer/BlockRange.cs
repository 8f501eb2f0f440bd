using System.Buffers.Binary;
using System.Collections.Immutable;
using ZeroCopy.Blocks;

namespace ZeroCopy.Clustering.Transfer;

/// <summary>The bytes of a block from an offset to its end, as a request asks for them.</summary>
/// <param name="Block">The block.</param>
/// <param name="Offset">Bytes of it that are not wanted.</param>
internal readonly record struct BlockRange(BlockId Block, long Offset)
{
    /// <summary>Bytes in a request.</summary>
    public const int Size = HashSize + sizeof(long);

    /// <summary>Most of them in one request.</summary>
    public const int MostInRequest = 4096;

    private const int HashSize = 32;

    public static byte[] Write(IReadOnlyList<BlockRange> ranges)
    {
        var bytes = new byte[ranges.Count * Size];
        for (var i = 0; i < ranges.Count; i++)
        {
            var place = bytes.AsSpan(i * Size, Size);
            ranges[i].Block.CopyTo(place[..HashSize]);
            BinaryPrimitives.WriteInt64LittleEndian(place[HashSize..], ranges[i].Offset);
        }

        return bytes;
    }

    /// <summary>Those of a request; none where it is not a whole number of them.</summary>
    public static ImmutableArray<BlockRange> Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length % Size != 0)
        {
            return [];
        }

        var ranges = ImmutableArray.CreateBuilder<BlockRange>(bytes.Length / Size);
        for (; !bytes.IsEmpty; bytes = bytes[Size..])
        {
            ranges.Add(new BlockRange(BlockId.FromHash(bytes[..HashSize]), BinaryPrimitives.ReadInt64LittleEndian(bytes[HashSize..])));
        }

        return ranges.MoveToImmutable();
    }
}
