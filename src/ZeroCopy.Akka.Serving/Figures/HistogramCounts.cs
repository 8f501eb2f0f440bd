using System.Collections.Immutable;

namespace ZeroCopy.Serving.Figures;

/// <summary>A histogram at one moment: how many values lie in each bucket. Immutable.</summary>
/// <param name="Bounds">Upper bounds of the buckets, each among its bucket; behind the last one there is one more without a bound.</param>
/// <param name="Counts">Values in each bucket, one bucket more than bounds.</param>
/// <param name="Sum">Sum of the values.</param>
internal sealed record HistogramCounts(ImmutableArray<double> Bounds, ImmutableArray<long> Counts, double Sum)
{
    public long Count { get; } = Counts.Sum();

    /// <summary>What came since an earlier moment; all of it where that is of other buckets, or later.</summary>
    public HistogramCounts Since(HistogramCounts? earlier) =>
        earlier is null || earlier.Count > Count || !earlier.Bounds.SequenceEqual(Bounds)
            ? this
            : new HistogramCounts(Bounds, [.. Counts.Zip(earlier.Counts, (now, then) => now - then)], Sum - earlier.Sum);

    /// <summary>Both together, of the same buckets.</summary>
    public HistogramCounts With(HistogramCounts other) =>
        new(Bounds, [.. Counts.Zip(other.Counts, (one, another) => one + another)], Sum + other.Sum);

    /// <summary>
    /// The value below which a share of all values lies, interpolated within its bucket as Prometheus' <c>histogram_quantile</c> does: the
    /// last bound where it lies behind that. Null of no values.
    /// </summary>
    public double? Quantile(double share)
    {
        if (Count == 0)
        {
            return null;
        }

        var rank = share * Count;
        var below = 0L;
        for (var bucket = 0; bucket < Bounds.Length; bucket++)
        {
            if (below + Counts[bucket] >= rank && Counts[bucket] > 0)
            {
                var from = bucket == 0 ? 0 : Bounds[bucket - 1];
                return from + ((Bounds[bucket] - from) * (rank - below) / Counts[bucket]);
            }

            below += Counts[bucket];
        }

        return Bounds[^1];
    }
}
