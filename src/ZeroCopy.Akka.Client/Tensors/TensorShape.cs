using System.Collections.Immutable;

namespace ZeroCopy.Client.Tensors;

/// <summary>Shapes: sizes of dimensions, outermost first.</summary>
internal static class TensorShape
{
    /// <summary>Number of elements; null where a size is negative or 63 bits do not count them.</summary>
    public static long? Count(ReadOnlySpan<long> shape)
    {
        var (count, largest) = (1L, 1L);
        foreach (var size in shape)
        {
            if (size < 0 || Math.BigMul(largest, Math.Max(1, size), out largest) != 0 || largest < 0)
            {
                return null;
            }

            count *= size;
        }

        return count;
    }

    /// <summary>For messages: <c>[2, 8]</c>.</summary>
    public static string Text(ImmutableArray<long> shape) => $"[{string.Join(", ", shape)}]";
}
