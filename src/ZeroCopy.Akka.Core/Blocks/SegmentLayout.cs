using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
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
        var json = new ArrayBufferWriter<byte>(128 * (blocks.Count + 1));
        var places = new List<(BlockId Id, long Begin, long Length)>(blocks.Count);
        var end = 0L;
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            var padding = 0;
            foreach (var (id, length) in blocks)
            {
                var begin = AlignUp(end);
                if (begin > end)
                {
                    WriteEntry(writer, string.Create(CultureInfo.InvariantCulture, $"{PaddingPrefix}{padding++}"), end, begin);
                }

                end = begin + length;
                WriteEntry(writer, id.ToString(), begin, end);
                places.Add((id, begin, length));
            }

            writer.WriteEndObject();
        }

        var dataOffset = AlignUp(SafetensorsHeader.PrefixBytes + json.WrittenCount);
        var header = new byte[dataOffset];
        header.AsSpan().Fill((byte)' ');
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)(dataOffset - SafetensorsHeader.PrefixBytes));
        json.WrittenSpan.CopyTo(header.AsSpan(SafetensorsHeader.PrefixBytes));
        return new SegmentLayout(
            header, [.. places.Select(place => new SegmentBlock(place.Id, dataOffset + place.Begin, place.Length))], dataOffset + end);
    }

    private static long AlignUp(long offset) => (offset + Alignment - 1) / Alignment * Alignment;

    private static void WriteEntry(Utf8JsonWriter writer, string name, long begin, long end)
    {
        writer.WriteStartObject(name);
        writer.WriteString("dtype", DType.UInt8.ToToken());
        writer.WriteStartArray("shape");
        writer.WriteNumberValue(end - begin);
        writer.WriteEndArray();
        writer.WriteStartArray("data_offsets");
        writer.WriteNumberValue(begin);
        writer.WriteNumberValue(end);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
