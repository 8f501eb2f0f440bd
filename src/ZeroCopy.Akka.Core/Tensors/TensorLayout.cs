using System.Collections.Immutable;

namespace ZeroCopy.Tensors;

/// <summary>
/// Element type, shape and strides of a tensor. Strides are in elements; a permuted tensor keeps its own, so that it is bound again in the
/// same memory order. The bytes of a dense one, which a block of the store is, lie without gaps; <see cref="Strided"/> describes a view of
/// something larger. Immutable and compared by value.
/// </summary>
public sealed class TensorLayout : IEquatable<TensorLayout>
{
    /// <summary>A contiguous (row-major) layout.</summary>
    /// <exception cref="ArgumentException">A dimension is negative, or elements of less than a byte fill no whole bytes.</exception>
    /// <exception cref="OverflowException">The size in bytes does not fit 63 bits.</exception>
    public TensorLayout(DType dtype, params ReadOnlySpan<long> shape)
        : this(dtype, shape, RowMajorStrides(shape), isDense: true)
    {
    }

    /// <summary>A layout with explicit strides, in elements.</summary>
    /// <exception cref="ArgumentException">
    /// A dimension is negative, the size overflows, or the strides are not a permutation of row-major ones (gaps, overlaps, broadcasts).
    /// </exception>
    public TensorLayout(DType dtype, ReadOnlySpan<long> shape, ReadOnlySpan<long> strides)
        : this(dtype, shape, strides, AreDense(shape, strides))
    {
        if (!IsDense)
        {
            throw new ArgumentException(
                $"Strides [{string.Join(", ", Strides)}] of shape [{string.Join(", ", Shape)}] are not dense: a block holds each element "
                + "once and no gaps.",
                nameof(strides));
        }
    }

    private TensorLayout(DType dtype, ReadOnlySpan<long> shape, ReadOnlySpan<long> strides, bool isDense)
    {
        DType = dtype;
        Shape = [.. shape];
        Strides = [.. strides];
        ElementCount = Count(shape);
        ByteLength = Bytes(dtype, ElementCount);
        IsDense = isDense;
    }

    /// <summary>Element type.</summary>
    public DType DType { get; }

    /// <summary>Sizes of the dimensions, outermost first; empty for a scalar.</summary>
    public ImmutableArray<long> Shape { get; }

    /// <summary>Strides in elements, one for each dimension.</summary>
    public ImmutableArray<long> Strides { get; }

    /// <summary>Number of elements: the product of <see cref="Shape"/>, 1 for a scalar.</summary>
    public long ElementCount { get; }

    /// <summary>Size of all elements in bytes: that of the tensor's block where it is dense.</summary>
    public long ByteLength { get; }

    /// <summary>Whether the elements fill their memory, each once and without gaps.</summary>
    public bool IsDense { get; }

    /// <summary>Elements of the memory from the first one to the last one; <see cref="ElementCount"/> where they are dense.</summary>
    public long Extent => IsDense ? ElementCount
        : ElementCount == 0 ? 0 : checked(1 + Shape.Zip(Strides, static (size, stride) => checked((size - 1) * stride)).Sum());

    /// <summary>Whether the elements lie in row-major order.</summary>
    public bool IsContiguous => ElementCount <= 1 || SameStrides(Shape.AsSpan(), Strides.AsSpan(), RowMajorStrides(Shape.AsSpan()));

    /// <summary>A layout whose elements may have gaps between them or lie on each other: a view of something larger.</summary>
    /// <exception cref="ArgumentException">
    /// A dimension or stride is negative, they are not as many, or the elements are no whole bytes.
    /// </exception>
    /// <exception cref="OverflowException">The size in bytes does not fit 63 bits.</exception>
    public static TensorLayout Strided(DType dtype, ReadOnlySpan<long> shape, ReadOnlySpan<long> strides)
    {
        _ = dtype.ElementSize();
        if (strides.Length != shape.Length || strides.ContainsAnyInRange(long.MinValue, -1))
        {
            throw new ArgumentException(
                $"Strides [{string.Join(", ", strides.ToArray())}] do not fit {shape.Length} dimensions.", nameof(strides));
        }

        var layout = new TensorLayout(dtype, shape, strides, AreDense(shape, strides));
        return layout.Extent >= 0 ? layout : throw new OverflowException();
    }

    /// <summary>Row-major strides of a shape, in elements.</summary>
    public static long[] RowMajorStrides(ReadOnlySpan<long> shape)
    {
        var strides = new long[shape.Length];
        var next = 1L;
        for (var i = shape.Length - 1; i >= 0; i--)
        {
            strides[i] = next;
            next = checked(next * Math.Max(1, shape[i]));
        }

        return strides;
    }

    /// <inheritdoc/>
    public bool Equals(TensorLayout? other) =>
        other is not null && DType == other.DType && Shape.AsSpan().SequenceEqual(other.Shape.AsSpan())
        && Strides.AsSpan().SequenceEqual(other.Strides.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as TensorLayout);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.Add(DType);
        foreach (var size in Shape)
        {
            hash.Add(size);
        }

        return hash.ToHashCode();
    }

    /// <summary>For example <c>F32[30522, 768]</c>.</summary>
    public override string ToString() => IsContiguous
        ? $"{DType.ToToken()}[{string.Join(", ", Shape)}]"
        : $"{DType.ToToken()}[{string.Join(", ", Shape)}] strides [{string.Join(", ", Strides)}]";

    /// <summary>Whether elements with such strides lie without gaps, each once.</summary>
    internal static bool AreDense(ReadOnlySpan<long> shape, ReadOnlySpan<long> strides)
    {
        if (strides.Length != shape.Length)
        {
            return false;
        }

        if (Count(shape) == 0)
        {
            return true;
        }

        var order = Enumerable.Range(0, shape.Length).ToArray();
        var keys = strides.ToArray();
        Array.Sort(keys, order);
        var expected = 1L;
        foreach (var dimension in order)
        {
            if (shape[dimension] == 1)
            {
                continue;
            }

            if (strides[dimension] != expected)
            {
                return false;
            }

            expected *= shape[dimension];
        }

        return true;
    }

    private static long Count(ReadOnlySpan<long> shape)
    {
        var count = 1L;
        foreach (var size in shape)
        {
            if (size < 0)
            {
                throw new ArgumentException($"Dimension {size} is negative.", nameof(shape));
            }

            count = checked(count * size);
        }

        return count;
    }

    private static bool SameStrides(ReadOnlySpan<long> shape, ReadOnlySpan<long> left, ReadOnlySpan<long> right)
    {
        for (var i = 0; i < shape.Length; i++)
        {
            // The stride of a dimension of size one is never used.
            if (shape[i] != 1 && left[i] != right[i])
            {
                return false;
            }
        }

        return true;
    }

    private static long Bytes(DType dtype, long elements)
    {
        var bits = dtype.ElementBits();
        if (bits % 8 == 0)
        {
            return checked(elements * (bits / 8));
        }

        var all = checked(elements * bits);
        return all % 8 == 0
            ? all / 8 : throw new ArgumentException($"{elements} elements of {dtype.ToToken()} fill no whole bytes.", nameof(elements));
    }
}
