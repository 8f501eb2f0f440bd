using System.Collections.Immutable;
using System.Globalization;
using ZeroCopy.Safetensors;
using ZeroCopy.Tensors;

namespace ZeroCopy.Blocks;

/// <summary>
/// The plan of a segment that is to be written: its header and the place of every block. The file is a valid safetensors file. That
/// format allows no holes, so padding in front of blocks is U8 tensors of their own, and padding of the header is spaces.
/// </summary>
internal sealed class SegmentLayout
{
    public const int Alignment = 64;
    public const string PaddingPrefix = "pad.";

    private SegmentLayout(byte[] header, ImmutableArray<SegmentBlock> blocks, long length)
    {
        Header = header;
        Blocks = blocks;
        Length = length;
    }

    /// <summary>The first bytes of the file, the length field included.</summary>
    public byte[] Header { get; }

    public ImmutableArray<SegmentBlock> Blocks { get; }

    /// <summary>Bytes of the whole file.</summary>
    public long Length { get; }

    public static SegmentLayout Plan(IReadOnlyCollection<(BlockId Id, long Length)> blocks)
    {
        using var header = new SafetensorsHeaderBuilder([]);
        var places = new List<(BlockId Id, long Begin, long Length)>(blocks.Count);
        var end = 0L;
        var padding = 0;
        foreach (var (id, length) in blocks)
        {
            var begin = AlignUp(end);
            if (begin > end)
            {
                var name = string.Create(CultureInfo.InvariantCulture, $"{PaddingPrefix}{padding++}");
                header.Add(name, DType.UInt8, [begin - end], end, begin);
            }

            end = begin + length;
            header.Add(id.ToString(), DType.UInt8, [length], begin, end);
            places.Add((id, begin, length));
        }

        var bytes = header.Build(Alignment);
        return new SegmentLayout(
            bytes, [.. places.Select(place => new SegmentBlock(place.Id, bytes.Length + place.Begin, place.Length))], bytes.Length + end);
    }

    private static long AlignUp(long offset) => (offset + Alignment - 1) / Alignment * Alignment;
}
