namespace ZeroCopy.Bench.Measuring;

/// <summary>Where on an axis a figure was measured, in suites that measure how cost grows.</summary>
/// <param name="Axis">A word for the axis, which also names its plot's file.</param>
/// <param name="Label">What the axis counts, and its unit.</param>
/// <param name="At">The place on the axis; above 0.</param>
internal sealed record BenchPoint(string Axis, string Label, double At);
