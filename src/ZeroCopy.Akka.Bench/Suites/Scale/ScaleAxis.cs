using System.Globalization;
using ZeroCopy.Bench.Measuring;

namespace ZeroCopy.Bench.Suites.Scale;

/// <summary>Something that cost may grow with.</summary>
/// <param name="Name">A word, which also names the plot's file.</param>
/// <param name="Label">What it counts, and its unit.</param>
/// <param name="Unit">Unit of its numbers, for people.</param>
internal sealed record ScaleAxis(string Name, string Label, string Unit)
{
    public static ScaleAxis Bytes { get; } = new("bytes", "size of the model (MiB)", "MiB");

    public static ScaleAxis Tensors { get; } = new("tensors", "tensors in the model", "tensors");

    public static ScaleAxis Instances { get; } = new("instances", "instances in the process", "instances");

    public static ScaleAxis Models { get; } = new("models", "models in the store", "models");

    public string Subject(double at) => string.Create(CultureInfo.InvariantCulture, $"{at} {Unit}");

    /// <summary>A cost at a place of the axis.</summary>
    public BenchResult Result(string name, double at, string unit, (Samples Value, Samples Baseline) times, string baselineName) =>
        BenchResult.OfCost(name, Subject(at), unit, times.Value, baselineName, times.Baseline) with
        {
            Point = new BenchPoint(Name, Label, at),
        };

    /// <summary>The times of a put, a load and a start at a place of the axis.</summary>
    public IEnumerable<BenchResult> Results(
        double at, (Samples Value, Samples Baseline) put, LoadTimes load, (Samples Value, Samples Baseline) start) =>
    [
        Result("put", at, "ms", put, "one thread writing a file"),
        Result("first-materialise", at, "ms", (load.First, load.Baseline), "construct and load"),
        Result("materialise", at, "ms", (load.Further, load.Baseline), "construct and load"),
        Result("start", at, "ms", start, "reading the same headers"),
    ];
}
