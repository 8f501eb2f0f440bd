using System.Collections.Immutable;

namespace ZeroCopy.Nodes;

/// <summary>A node of a cluster.</summary>
/// <param name="Address">Where other nodes reach it.</param>
/// <param name="State">What it is doing, in one word: <c>up</c>, <c>joining</c>, <c>leaving</c>, <c>unreachable</c> and so on.</param>
public sealed record NodeStatus(string Address, string State)
{
    /// <summary>The state of a node that does its work.</summary>
    public const string Up = "up";

    /// <summary>What it is in the cluster for.</summary>
    public ImmutableArray<string> Roles { get; init; } = [];

    /// <summary>Where its HTTP is, such as <c>http://10.0.0.7:8080</c>; null where it has none, or where that is not known.</summary>
    public string? Http { get; init; }

    /// <summary>Whether it is the one that answers.</summary>
    public bool IsSelf { get; init; }
}
