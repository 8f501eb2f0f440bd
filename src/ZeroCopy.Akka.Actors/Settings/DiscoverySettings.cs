namespace ZeroCopy.Actors.Settings;

/// <summary>How nodes find each other without seeds; the HOCON root is <c>zerocopy.cluster.discovery</c>.</summary>
public sealed record DiscoverySettings
{
    /// <summary>Name of a section under <c>akka.discovery</c>; empty where nodes are found by seeds.</summary>
    public string Method { get; init; } = "";

    /// <summary>What the nodes of the cluster are called there.</summary>
    public string Service { get; init; } = "zerocopy";

    /// <summary>Fewest nodes that have to be known before one is asked or starts a cluster.</summary>
    public int ContactPoints { get; init; } = 2;

    /// <summary>Whether nodes are found so.</summary>
    public bool IsOn => Method.Length > 0;
}
