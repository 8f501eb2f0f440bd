using System.Collections.Immutable;
using ZeroCopy.Manifests;

namespace ZeroCopy.Node.Service;

/// <summary>What the command line asks of a node; null where HOCON says.</summary>
internal sealed record NodeRequest
{
    /// <summary>A HOCON file.</summary>
    public string? ConfigFile { get; init; }

    /// <summary>The store's directory.</summary>
    public string? StoreDirectory { get; init; }

    public string? Host { get; init; }

    public int? Port { get; init; }

    public int? HttpPort { get; init; }

    public int? GrpcPort { get; init; }

    /// <summary>Addresses of nodes of the cluster to join; none where HOCON says.</summary>
    public ImmutableArray<string> Seeds { get; init; } = [];

    /// <summary>Models that are warm before the node is ready.</summary>
    public ImmutableArray<ModelName> Serve { get; init; } = [];

    /// <summary>Assemblies that bring model types.</summary>
    public ImmutableArray<string> Models { get; init; } = [];
}
