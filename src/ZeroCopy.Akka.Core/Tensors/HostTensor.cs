using System.Runtime.InteropServices;

namespace ZeroCopy.Tensors;

/// <summary>
/// A tensor in host memory, row-major and little-endian: what files and messages carry where no tensor library is at hand. Immutable as
/// long as whoever made the bytes leaves them alone.
/// </summary>
public sealed class HostTensor
{
    /// <summary>Wraps the bytes without copying them.</summary>
    /// <exception cref="ArgumentException">The layout is not contiguous, or the bytes are not as many as it says.</exception>
    public HostTensor(TensorLayout layout, ReadOnlyMemory<byte> data)
    {
        if (!layout.IsContiguous)
        {
            throw new ArgumentException($"{layout} is not row-major.", nameof(layout));
        }

        if (data.Length != layout.ByteLength)
        {
            throw new ArgumentException($"{layout} takes {layout.ByteLength} bytes, and {data.Length} were given.", nameof(data));
        }

        Layout = layout;
        Data = data;
    }

    /// <summary>Element type and shape; contiguous.</summary>
    public TensorLayout Layout { get; }

    /// <summary>The elements.</summary>
    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>A tensor with a copy of the elements.</summary>
    /// <exception cref="ArgumentException">The shape has another number of elements, or the element type's size differs.</exception>
    public static HostTensor From<T>(DType dtype, ReadOnlySpan<T> values, params ReadOnlySpan<long> shape)
        where T : unmanaged =>
        new(new TensorLayout(dtype, shape), MemoryMarshal.AsBytes(values).ToArray());

    /// <summary>The elements as values of <typeparamref name="T"/>, without a copy.</summary>
    /// <exception cref="InvalidOperationException"><typeparamref name="T"/> has another size than the element type.</exception>
    public ReadOnlySpan<T> Values<T>()
        where T : unmanaged
    {
        if (System.Runtime.CompilerServices.Unsafe.SizeOf<T>() != Layout.DType.ElementSize())
        {
            throw new InvalidOperationException($"An element of {Layout} is not a {typeof(T).Name}.");
        }

        return MemoryMarshal.Cast<byte, T>(Data.Span);
    }
}
