namespace ZeroCopy.Bench.Suites.Serve;

/// <summary>
/// The messages of many users who think for a while between two of them. Most go to few of the models: the first gets three of four, the
/// second one of five. The same every time. Source: the benchmark of IBM's zero-copy model loading.
/// </summary>
internal static class UserTrace
{
    private const double Skew = 0.3;
    private const int Seed = 42;

    /// <summary>
    /// Messages in the order of their time. Those of a second are spread evenly over it; the silence before the first is left out.
    /// </summary>
    /// <param name="users">Who all start to think at once.</param>
    /// <param name="seconds">Length of the trace.</param>
    /// <param name="think">Mean seconds between two messages, Poisson.</param>
    /// <param name="models">How many there are.</param>
    public static IReadOnlyList<Message> Of(int users, int seconds, double think, int models)
    {
        var random = new Random(Seed);
        var counts = new int[seconds];
        for (var user = 0; user < users; user++)
        {
            for (var second = Poisson(random, think); second < seconds; second += Poisson(random, think))
            {
                counts[second]++;
            }
        }

        var first = Math.Max(Array.FindIndex(counts, count => count > 0), 0);
        return
        [
            .. from second in Enumerable.Range(first, seconds - first)
               from index in Enumerable.Range(0, counts[second])
               select new Message(second - first + ((double)index / counts[second]), Model(random, models)),
        ];
    }

    /// <summary>The model of a message.</summary>
    public static int Model(Random random, int models)
    {
        while (true)
        {
            if (Poisson(random, Skew) is var model && model < models)
            {
                return model;
            }
        }
    }

    // Source: D. Knuth, The Art of Computer Programming, volume 2, 3.4.1.
    private static int Poisson(Random random, double mean)
    {
        var (limit, product, count) = (Math.Exp(-mean), random.NextDouble(), 0);
        while (product > limit)
        {
            product *= random.NextDouble();
            count++;
        }

        return count;
    }
}
