namespace ZeroCopy.Bench.Suites.Serve;

/// <summary>Finds the most users that are all served in time.</summary>
internal static class UserSearch
{
    /// <summary>
    /// Halves the numbers that are left, from half of the guess to half more than it; further on where even an end of that holds, or fails.
    /// </summary>
    /// <param name="guess">Where it is probable; at least 1.</param>
    /// <param name="resolution">Part of the guess that it is found to.</param>
    /// <param name="most">Above that it is not looked for.</param>
    /// <param name="areServed">Whether so many users are all served in time.</param>
    /// <returns>0 where not even one is.</returns>
    public static async Task<int> FindAsync(int guess, double resolution, int most, Func<int, Task<bool>> areServed)
    {
        var step = Math.Max((int)(guess * resolution), 1);
        var (low, high) = (0, most + 1);
        var next = Math.Min(guess, most);
        var stride = Math.Max(guess / 4, 1);
        while (high - low > step)
        {
            if (await areServed(next).ConfigureAwait(false))
            {
                low = next;
            }
            else
            {
                high = next;
            }

            // Not before it lies between two that were tried.
            next = high > most ? Math.Min(low + stride, most) : low == 0 ? Math.Max(high - stride, high / 2) : (low + high) / 2;
        }

        return low;
    }
}
