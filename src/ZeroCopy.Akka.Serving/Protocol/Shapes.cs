using System.Collections.Immutable;

namespace ZeroCopy.Serving.Protocol;

/// <summary>Shapes of a request.</summary>
internal static class Shapes
{
    /// <summary>Most dimensions; libtorch's own limit for most operations.</summary>
    public const int MaxDimensions = 64;

    /// <summary>Number of elements; null where that, or a stride of the shape, does not fit 63 bits.</summary>
    public static long? Count(ImmutableArray<long> shape)
    {
        var (count, strides) = (1L, 1L);
        foreach (var size in shape)
        {
            if (Math.BigMul(strides, Math.Max(1, size), out var low) != 0 || low < 0)
            {
                return null;
            }

            strides = low;
            count *= size;
        }

        return count;
    }

    /// <summary>For messages: <c>[2, 8]</c>.</summary>
    public static string Text(ImmutableArray<long> shape) => $"[{string.Join(", ", shape)}]";
}
