using System.Collections.Immutable;

namespace ZeroCopy.Tensors;

/// <summary>
/// Element type, shape and strides of a dense tensor whose bytes lie without gaps in one block.
/// Strides are in elements; a permuted tensor keeps its own, so that it is bound again in the same memory order.
/// Immutable and compared by value.
/// </summary>
public sealed class TensorLayout : IEquatable<TensorLayout>
{
    /// <summary>A contiguous (row-major) layout.</summary>
    /// <exception cref="ArgumentException">A dimension is negative, or the size in bytes does not fit 63 bits.</exception>
    public TensorLayout(DType dtype, params ReadOnlySpan<long> shape)
    {
        DType = dtype;
        Shape = [.. shape];
        Strides = [.. RowMajorStrides(shape)];
        ElementCount = Count(shape);
        ByteLength = checked(ElementCount * dtype.ElementSize());
    }

    /// <summary>A layout with explicit strides, in elements.</summary>
    /// <exception cref="ArgumentException">
    /// A dimension is negative, the size overflows, or the strides are not a permutation of row-major ones (gaps, overlaps, broadcasts).
    /// </exception>
    public TensorLayout(DType dtype, ReadOnlySpan<long> shape, ReadOnlySpan<long> strides)
    {
        DType = dtype;
        Shape = [.. shape];
        Strides = [.. strides];
        ElementCount = Count(shape);
        ByteLength = checked(ElementCount * dtype.ElementSize());
        if (!IsDense(shape, strides, ElementCount))
        {
            throw new ArgumentException(
                $"Strides [{string.Join(", ", Strides)}] of shape [{string.Join(", ", Shape)}] are not dense: a block holds each element once and no gaps.",
                nameof(strides));
        }
    }

    /// <summary>Element type.</summary>
    public DType DType { get; }

    /// <summary>Sizes of the dimensions, outermost first; empty for a scalar.</summary>
    public ImmutableArray<long> Shape { get; }

    /// <summary>Strides in elements, one for each dimension.</summary>
    public ImmutableArray<long> Strides { get; }

    /// <summary>Number of elements: the product of <see cref="Shape"/>, 1 for a scalar.</summary>
    public long ElementCount { get; }

    /// <summary>Size of the tensor's block in bytes.</summary>
    public long ByteLength { get; }

    /// <summary>Whether the elements lie in row-major order.</summary>
    public bool IsContiguous => ElementCount <= 1 || SameStrides(Shape.AsSpan(), Strides.AsSpan(), RowMajorStrides(Shape.AsSpan()));

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

    private static bool IsDense(ReadOnlySpan<long> shape, ReadOnlySpan<long> strides, long elements)
    {
        if (strides.Length != shape.Length)
        {
            return false;
        }

        if (elements == 0)
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
}
