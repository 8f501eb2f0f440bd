using TorchSharp;
using ZeroCopy.Torch.Native;
using ZeroCopy.Torch.Views;

namespace ZeroCopy.Torch.Batching;

/// <summary>
/// Copies rows out of a tensor, which stays its owner's. Where the elements lie on the host one behind the other they are copied as bytes:
/// a view to copy from would take longer than that for a few rows.
/// </summary>
internal sealed unsafe class TensorRows
{
    private readonly torch.Tensor _source;
    private readonly long[] _shape;
    private readonly torch.ScalarType _type;

    // Null where the elements are not copied as bytes.
    private readonly byte* _elements;
    private readonly long _rowBytes;

    public TensorRows(torch.Tensor source)
    {
        _source = source;
        _shape = TorchNative.Shape(source);
        _type = source.dtype;
        if (IsPlain(source))
        {
            _elements = (byte*)TorchNative.Data(source);
            _rowBytes = source.ElementSize;
            foreach (var size in _shape.AsSpan(1))
            {
                _rowBytes *= size;
            }
        }
    }

    /// <summary>A tensor of its own with some of the rows, which no dispose scope has.</summary>
    public torch.Tensor Copy(long from, long count)
    {
        if (_elements is null)
        {
            using var slice = _source.narrow(0, from, count);
            return slice.clone().DetachFromDisposeScope();
        }

        _shape[0] = count;
        var copy = torch.empty(_shape, dtype: _type).DetachFromDisposeScope();
        var bytes = count * _rowBytes;
        Buffer.MemoryCopy(_elements + (from * _rowBytes), (byte*)TorchNative.THSTensor_data(copy.Handle), bytes, bytes);
        return copy;
    }

    private static bool IsPlain(torch.Tensor tensor) =>
        tensor.device_type == DeviceType.CPU && !tensor.dtype.IsQuantized() && !tensor.is_sparse && tensor.is_contiguous()
        && !tensor.is_conj() && !tensor.is_neg();
}
