using ZeroCopy.Actors.Settings;

namespace ZeroCopy.Clustering.Clients;

/// <summary>How a client stands with its cluster.</summary>
public sealed record ClusterClientOptions
{
    /// <summary>
    /// How long all contacts may be silent before calls that need one fail: above zero; <see cref="Timeout.InfiniteTimeSpan"/> for as long
    /// as the calls themselves may take.
    /// </summary>
    public TimeSpan ContactTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Name of the nodes' actor systems, for contacts that are given as <c>HOST:PORT</c>.</summary>
    public string SystemName { get; init; } = NodeAddress.SystemName;
}
