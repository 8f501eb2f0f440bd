using System.Runtime.InteropServices;
using ZeroCopy.Content;
using ZeroCopy.Manifests;
using ZeroCopy.Tensors;

namespace ZeroCopy.Bench.Models;

/// <summary>Random bytes in pinned managed memory, each tensor different.</summary>
internal sealed class RandomTensorSource : TensorSource
{
    private readonly byte[] _content;

    public RandomTensorSource(int index, int bytes)
        : base($"tensor_{index}", TensorRole.Parameter, new TensorLayout(DType.UInt8, bytes))
    {
        _content = GC.AllocateUninitializedArray<byte>(bytes, pinned: true);
        new Random(index).NextBytes(_content);
    }

    public ReadOnlySpan<byte> Content => _content;

    public ReadOnlyMemory<byte> Memory => _content;

    public override nint Address => Marshal.UnsafeAddrOfPinnedArrayElement(_content, 0);

    public override void Read(long offset, Span<byte> destination) => _content.AsSpan((int)offset, destination.Length).CopyTo(destination);
}
