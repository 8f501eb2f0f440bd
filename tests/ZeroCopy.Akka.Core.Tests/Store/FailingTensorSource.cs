using ZeroCopy.Content;
using ZeroCopy.Manifests;
using ZeroCopy.Tensors;

namespace ZeroCopy.Tests.Store;

/// <summary>Hashes well and then cannot be read again: fails while the segment is written.</summary>
internal sealed class FailingTensorSource(string name) : TensorSource(name, TensorRole.Parameter, new TensorLayout(DType.UInt8, 100))
{
    private int _reads;

    public override void Read(long offset, Span<byte> destination)
    {
        if (Interlocked.Increment(ref _reads) > 1)
        {
            throw new IOException("gone");
        }

        destination.Clear();
    }
}
