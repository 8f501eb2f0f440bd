namespace ZeroCopy.Bench.Measuring;

/// <summary>What a result is compared with.</summary>
/// <param name="Name">What was measured.</param>
/// <param name="Value">The median.</param>
/// <param name="Unit">Unit of the value.</param>
internal sealed record BenchFigure(string Name, double Value, string Unit);
