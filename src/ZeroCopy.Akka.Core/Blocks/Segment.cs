using System.Collections.Immutable;
using ZeroCopy.Errors;
using ZeroCopy.Safetensors;
using ZeroCopy.Tensors;

namespace ZeroCopy.Blocks;

/// <summary>A segment file as its header describes it. Segments never change, so it is read once.</summary>
/// <param name="FileName">File name without folder.</param>
/// <param name="Length">Bytes of the file.</param>
/// <param name="Blocks">Its blocks in file order.</param>
internal sealed record Segment(string FileName, long Length, ImmutableArray<SegmentBlock> Blocks)
{
    /// <summary>Reads the header of a segment.</summary>
    /// <exception cref="InvalidModelException">No segment of ours.</exception>
    /// <exception cref="IOException">It cannot be read, for now.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read, for now.</exception>
    public static Segment Read(string path)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        var length = RandomAccess.GetLength(file);
        if (SegmentScan.TryRead(file, length) is { } scanned)
        {
            return new Segment(Path.GetFileName(path), length, scanned);
        }

        var header = SafetensorsHeader.Read(file, path);
        var blocks = ImmutableArray.CreateBuilder<SegmentBlock>(header.Tensors.Length);
        foreach (var tensor in header.Tensors)
        {
            if (BlockId.TryParse(tensor.Name, out var id))
            {
                if (tensor.Layout.DType != DType.UInt8 || tensor.Offset % SegmentLayout.Alignment != 0)
                {
                    throw new InvalidModelException(
                        $"{path}: block {tensor.Name} is no U8 tensor that begins on {SegmentLayout.Alignment} bytes.");
                }

                blocks.Add(new SegmentBlock(id, tensor.Offset, tensor.Layout.ByteLength));
            }
            else if (!tensor.Name.StartsWith(SegmentLayout.PaddingPrefix, StringComparison.Ordinal))
            {
                throw new InvalidModelException(
                    $"{path}: '{tensor.Name}' is neither a block nor padding; the file is no segment of a store.");
            }
        }

        return new Segment(Path.GetFileName(path), header.FileLength, blocks.DrainToImmutable());
    }
}
