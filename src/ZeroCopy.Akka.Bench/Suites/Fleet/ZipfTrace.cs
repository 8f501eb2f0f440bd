namespace ZeroCopy.Bench.Suites.Fleet;

/// <summary>Calls of many models, of which few are called often: the same every time.</summary>
internal static class ZipfTrace
{
    private const int Seed = 42;

    /// <summary>The models of so many calls, by their ranks from 0 on.</summary>
    /// <param name="calls">How many.</param>
    /// <param name="models">How many there are.</param>
    /// <param name="exponent">0: all are called alike.</param>
    public static int[] Of(int calls, int models, double exponent)
    {
        var sums = new double[models];
        var sum = 0.0;
        for (var rank = 0; rank < models; rank++)
        {
            sums[rank] = sum += Math.Pow(rank + 1, -exponent);
        }

        var random = new Random(Seed);
        var trace = new int[calls];
        for (var call = 0; call < calls; call++)
        {
            var place = Array.BinarySearch(sums, random.NextDouble() * sum);
            trace[call] = Math.Min(place < 0 ? ~place : place + 1, models - 1);
        }

        return trace;
    }
}
