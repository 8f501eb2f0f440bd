using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ZeroCopy.Content;
using ZeroCopy.Manifests;
using ZeroCopy.Tensors;

namespace ZeroCopy.Tests.Store;

/// <summary>A tensor in memory with an address; reading it another way fails.</summary>
internal sealed unsafe class PinnedTensorSource : TensorSource
{
    public PinnedTensorSource(string name, int length)
        : base(name, TensorRole.Parameter, new TensorLayout(DType.UInt8, length))
    {
        Content = GC.AllocateUninitializedArray<byte>(length, pinned: true);
        new Random(length).NextBytes(Content);
    }

    public byte[] Content { get; }

    public override nint Address => (nint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(Content));

    public override void Read(long offset, Span<byte> destination) => throw new InvalidOperationException("It has an address.");
}
