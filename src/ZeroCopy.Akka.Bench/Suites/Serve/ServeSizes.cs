using ZeroCopy.Bench.Models;
using ZeroCopy.Torch.Models.Bert;

namespace ZeroCopy.Bench.Suites.Serve;

/// <summary>How <see cref="ServeSuite"/> simulates users, and what it serves them with.</summary>
internal sealed record ServeSizes
{
    /// <summary>The twelve models' shapes.</summary>
    public BertConfiguration Model { get; init; } = new();

    /// <summary>How many of them the users call.</summary>
    public int Models { get; init; } = TwelveModels.Names.Count;

    /// <summary>Tokens of a message.</summary>
    public int Tokens { get; init; } = 16;

    /// <summary>What the simulation counts as a second.</summary>
    public TimeSpan Second { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Mean seconds between two messages of a user.</summary>
    public double ThinkSeconds { get; init; } = 10;

    /// <summary>Seconds after which a user waits no longer.</summary>
    public double TimeOutSeconds { get; init; } = 5;

    /// <summary>Seconds of a trace.</summary>
    public int TraceSeconds { get; init; } = 24;

    /// <summary>Seconds of calls without a pause that a first guess is made by.</summary>
    public double GuessSeconds { get; init; } = 4;

    /// <summary>Numbers of users are told apart by that part of the guess.</summary>
    public double Resolution { get; init; } = 0.06;

    /// <summary>Most users.</summary>
    public int MaxUsers { get; init; } = 100_000;
}
