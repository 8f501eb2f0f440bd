using System.Collections.Immutable;

namespace ZeroCopy.Runtime;

/// <summary>
/// How requests that differ in the size of the dimension behind the rows, such as sentences of different lengths, become ones of equal
/// sizes. Immutable.
/// </summary>
public sealed record RequestPadding
{
    /// <summary>
    /// The sizes to pad to, in ascending order: a request is padded to the next one when it is joined, and one that is larger than the
    /// last joins with those of its own size.
    /// </summary>
    public required ImmutableArray<int> Buckets { get; init; }

    /// <summary>The inputs to pad, each at its end with a number. Those that a call does not have are left out.</summary>
    public required ImmutableSortedDictionary<string, double> Inputs { get; init; }

    /// <summary>
    /// The input that is 1 for what a request has and 0 for what was added to it: made where a request leaves it out, and padded with 0
    /// where it does not. Empty for a model that needs none.
    /// </summary>
    public string Mask { get; init; } = "";

    /// <summary>The size that a request of that size is padded to; null where it is too large.</summary>
    public int? BucketOf(long size)
    {
        foreach (var bucket in Buckets)
        {
            if (bucket >= size)
            {
                return bucket;
            }
        }

        return null;
    }
}
