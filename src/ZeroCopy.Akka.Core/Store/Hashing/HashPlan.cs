
namespace ZeroCopy.Store.Hashing;

/// <summary>Which tensors of a put are hashed one by one, and which sixteen at once.</summary>
internal static class HashPlan
{
    // A lane against hashing one by one: a sixteenth of some 2.7 times the bytes a second.
    private const double LaneSlowdown = 6;

    /// <summary>
    /// How many tensors, of the given lengths in descending order, are best hashed one by one: so many that all cores end early, which a
    /// core with one long lane would not, and of equals those with the least work. Times are in bytes that a core hashes one by one.
    /// </summary>
    public static int Singles(IReadOnlyList<long> lengths, int cores)
    {
        var (best, singles) = ((Time: double.MaxValue, Work: double.MaxValue), 0);
        var (alone, rest) = (0L, lengths.Sum());
        for (var count = 0; count <= lengths.Count; count++)
        {
            var next = count < lengths.Count ? lengths[count] : 0;
            var longestLane = next * LaneSlowdown;
            var work = alone + Math.Max(rest * LaneSlowdown / Sha256Lanes.Count, longestLane);
            var longest = count == 0 ? longestLane : Math.Max(lengths[0], longestLane);
            var estimate = (Time: Math.Max(work / cores, longest), Work: work);
            if (estimate.CompareTo(best) < 0)
            {
                (best, singles) = (estimate, count);
            }

            alone += next;
            rest -= next;
        }

        return singles;
    }
}
