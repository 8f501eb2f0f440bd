using System.Globalization;

namespace ZeroCopy.Bench.Plots;

/// <summary>Powers of ten around some numbers above 0, for an axis that is drawn by their logarithms.</summary>
internal static class DecadeTicks
{
    /// <summary>
    /// The exponents from the power at or below the smallest number to the one at or above the largest, at least one apart.
    /// </summary>
    public static (int First, int Last) Around(IEnumerable<double> values)
    {
        var logarithms = values.Select(Math.Log10).ToArray();
        var first = (int)Math.Floor(logarithms.Min());
        return (first, Math.Max(first + 1, (int)Math.Ceiling(logarithms.Max())));
    }

    public static string Text(int exponent) =>
        Math.Pow(10, exponent).ToString(exponent < 0 ? $"F{-exponent}" : "N0", CultureInfo.InvariantCulture);
}
