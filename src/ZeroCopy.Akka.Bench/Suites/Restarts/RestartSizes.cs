namespace ZeroCopy.Bench.Suites.Restarts;

/// <summary>How <see cref="RestartSuite"/> calls its nodes.</summary>
internal sealed record RestartSizes
{
    /// <summary>Nodes, each of which holds the model.</summary>
    public int Nodes { get; init; } = 3;

    /// <summary>Calls a second.</summary>
    public int Rate { get; init; } = 1_000;

    /// <summary>Time of calls before the first node ends, and between two.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromSeconds(5);
}
