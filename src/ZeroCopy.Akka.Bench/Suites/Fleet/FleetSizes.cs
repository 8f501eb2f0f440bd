namespace ZeroCopy.Bench.Suites.Fleet;

/// <summary>How many models <see cref="FleetSuite"/> has, and how they are called.</summary>
internal sealed record FleetSizes
{
    /// <summary>Nodes, each with a part of the models in its store.</summary>
    public int Nodes { get; init; } = 2;

    /// <summary>Models of all nodes together.</summary>
    public int Models { get; init; } = 2_000;

    /// <summary>Rows and columns of a model's one weight: Float32.</summary>
    public int Width { get; init; } = 64;

    /// <summary>Calls a second.</summary>
    public int Rate { get; init; } = 1_000;

    /// <summary>Seconds of calls.</summary>
    public double Seconds { get; init; } = 60;

    /// <summary>Of Zipf's distribution: the model of rank k is called in proportion to 1 / k to that power.</summary>
    public double Exponent { get; init; } = 1;
}
