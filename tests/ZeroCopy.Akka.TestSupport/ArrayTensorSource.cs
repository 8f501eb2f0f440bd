using System.Collections.Immutable;
using ZeroCopy.Content;
using ZeroCopy.Manifests;
using ZeroCopy.Tensors;

namespace ZeroCopy.TestSupport;

/// <summary>A tensor whose bytes lie in a managed array.</summary>
public sealed class ArrayTensorSource(string name, TensorLayout layout, byte[] bytes, ImmutableArray<string> aliases = default)
    : TensorSource(name, TensorRole.Parameter, layout, aliases)
{
    public byte[] Content { get; } = bytes;

    /// <summary>A tensor of bytes that are the same for the same seed.</summary>
    public static ArrayTensorSource Random(string name, int length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return new ArrayTensorSource(name, new TensorLayout(DType.UInt8, length), bytes);
    }

    public override void Read(long offset, Span<byte> destination) => Content.AsSpan((int)offset, destination.Length).CopyTo(destination);
}
