
namespace ZeroCopy.Tensors;

/// <summary>Gives a tensor's elements in row-major order, whatever order they have in memory.</summary>
internal sealed unsafe class RowMajorReader(byte* source, TensorLayout layout)
{
    private readonly int _elementSize = layout.DType.ElementSize();
    private readonly long[] _index = new long[layout.Shape.Length];
    private long _next;

    /// <summary>Fills the buffer, which holds whole elements, as far as there are any; returns the bytes written.</summary>
    public int Read(Span<byte> buffer)
    {
        var count = (int)Math.Min(buffer.Length / _elementSize, layout.ElementCount - _next);
        for (var i = 0; i < count; i++)
        {
            var offset = 0L;
            for (var dimension = 0; dimension < _index.Length; dimension++)
            {
                offset += _index[dimension] * layout.Strides[dimension];
            }

            new ReadOnlySpan<byte>(source + (offset * _elementSize), _elementSize).CopyTo(buffer[(i * _elementSize)..]);
            Step();
        }

        _next += count;
        return count * _elementSize;
    }

    private void Step()
    {
        for (var dimension = _index.Length - 1; dimension >= 0; dimension--)
        {
            if (++_index[dimension] < layout.Shape[dimension])
            {
                return;
            }

            _index[dimension] = 0;
        }
    }
}
