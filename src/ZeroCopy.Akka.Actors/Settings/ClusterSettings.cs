using System.Collections.Immutable;

namespace ZeroCopy.Actors.Settings;

/// <summary>A node of the cluster; the HOCON root is <c>zerocopy.cluster</c>.</summary>
public sealed record ClusterSettings
{
    /// <summary>The role of nodes that hold models and run them.</summary>
    public const string InferenceRole = "inference";

    /// <summary>Name or address of this host, as others reach it.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>Name or address that the node listens on; where nothing else is said, <see cref="Host"/>.</summary>
    public string BindHost { get => field.Length == 0 ? Host : field; init; } = "";

    /// <summary>Port of Akka.Remote; 0 for any free one.</summary>
    public int Port { get; init; } = 4053;

    /// <summary>What the node does.</summary>
    public ImmutableArray<string> Roles { get; init; } = [InferenceRole];

    /// <summary>Nodes of the cluster to join, as <see cref="NodeAddress"/> reads them; none: the node is a cluster of one.</summary>
    public ImmutableArray<string> Seeds { get; init; } = [];

    /// <summary>How nodes find each other without seeds.</summary>
    public DiscoverySettings Discovery { get; init; } = new();

    /// <summary>How long a node that ends may take to hand over what it has and to leave the cluster, behind the calls that it
    /// answers.</summary>
    public TimeSpan LeaveTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Models on their way between nodes.</summary>
    public TransferSettings Transfer { get; init; } = new();

    /// <summary>Certificates of the connections between nodes.</summary>
    public TlsSettings Tls { get; init; } = new();

    /// <summary>How many stores hold a model that is called, 1 or more.</summary>
    public int Copies { get; init; } = 2;
}
