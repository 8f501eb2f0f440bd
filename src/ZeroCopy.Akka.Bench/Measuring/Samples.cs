namespace ZeroCopy.Bench.Measuring;

/// <summary>Repeated measurements of one thing.</summary>
internal sealed class Samples
{
    private readonly double[] _sorted;

    public Samples(IEnumerable<double> values)
    {
        _sorted = [.. values];
        ArgumentOutOfRangeException.ThrowIfZero(_sorted.Length, nameof(values));
        Array.Sort(_sorted);
    }

    /// <summary>The middle sample, or the mean of the two in the middle.</summary>
    public double Median => (_sorted[(_sorted.Length - 1) / 2] + _sorted[_sorted.Length / 2]) / 2;

    public double Minimum => _sorted[0];

    public double Maximum => _sorted[^1];

    /// <summary>The smallest sample that at least <paramref name="percent"/> of all samples do not exceed.</summary>
    public double Percentile(double percent) =>
        _sorted[Math.Clamp((int)Math.Ceiling(percent / 100 * _sorted.Length) - 1, 0, _sorted.Length - 1)];

    public IReadOnlyDictionary<string, double> Spread() =>
        new Dictionary<string, double> { ["minimum"] = Minimum, ["p99"] = Percentile(99), ["maximum"] = Maximum };
}
