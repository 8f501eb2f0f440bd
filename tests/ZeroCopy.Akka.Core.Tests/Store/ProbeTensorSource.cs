using ZeroCopy.Content;
using ZeroCopy.Manifests;
using ZeroCopy.Tensors;

namespace ZeroCopy.Tests.Store;

/// <summary>
/// Zeros; runs an action once, when the tensor's first byte is read for the second time: between admission and the first write.
/// </summary>
internal sealed class ProbeTensorSource(string name, int length, Action betweenHashingAndWriting)
    : TensorSource(name, TensorRole.Parameter, new TensorLayout(DType.UInt8, length))
{
    private int _firstReads;

    public override void Read(long offset, Span<byte> destination)
    {
        if (offset == 0 && Interlocked.Increment(ref _firstReads) == 2)
        {
            betweenHashingAndWriting();
        }

        destination.Clear();
    }
}
