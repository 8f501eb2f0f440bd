using Microsoft.Win32.SafeHandles;
using ZeroCopy.Blocks;
using ZeroCopy.Content;
using ZeroCopy.Manifests;
using ZeroCopy.Safetensors;
using ZeroCopy.Tensors;

namespace ZeroCopy.Store;

/// <summary>A block in an open segment, on its way to be hashed again.</summary>
internal sealed class StoredBlock(Segment segment, SegmentBlock block, SafeFileHandle file)
    : TensorSource(block.Id.ToString(), TensorRole.Attribute, new TensorLayout(DType.UInt8, block.Length))
{
    public Segment Segment => segment;

    public BlockId Id => block.Id;

    /// <summary>The file was shortened since its header was read; zeros stand for what is missing.</summary>
    public bool IsShort { get; private set; }

    public override void Read(long offset, Span<byte> destination)
    {
        var read = file.ReadUpTo(destination, block.Offset + offset);
        if (read < destination.Length)
        {
            destination[read..].Clear();
            IsShort = true;
        }
    }
}
