using ZeroCopy.Content;
using ZeroCopy.Manifests;
using ZeroCopy.Tensors;

namespace ZeroCopy.Torch.Script.Skeletons;

/// <summary>The elements of a view of a storage, one behind the other in row-major order. They are read whole.</summary>
internal sealed class GatheredTensor(byte[] storage, long first, TensorLayout view)
    : TensorSource("", TensorRole.Attribute, new TensorLayout(view.DType, view.Shape.AsSpan()))
{
    public override void Read(long offset, Span<byte> destination)
    {
        var size = view.DType.ElementSize();
        var index = new long[view.Shape.Length];
        for (var at = 0; at < destination.Length; at += size)
        {
            var place = first;
            for (var dimension = 0; dimension < index.Length; dimension++)
            {
                place += index[dimension] * view.Strides[dimension];
            }

            storage.AsSpan((int)(place * size), size).CopyTo(destination[at..]);
            for (var dimension = index.Length - 1; dimension >= 0 && ++index[dimension] == view.Shape[dimension]; dimension--)
            {
                index[dimension] = 0;
            }
        }
    }
}
