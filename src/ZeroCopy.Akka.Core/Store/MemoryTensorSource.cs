using ZeroCopy.Manifests;
using ZeroCopy.Tensors;

namespace ZeroCopy.Store;

/// <summary>Bytes in managed memory as a tensor of bytes.</summary>
internal sealed class MemoryTensorSource(string name, ReadOnlyMemory<byte> bytes)
    : TensorSource(name, TensorRole.Attribute, new TensorLayout(DType.UInt8, bytes.Length))
{
    public override void Read(long offset, Span<byte> destination) => bytes.Span.Slice((int)offset, destination.Length).CopyTo(destination);
}
