using ZeroCopy.Clustering.Transfer;

namespace ZeroCopy.Clustering;

/// <summary>How a node is reached, besides remoting.</summary>
public sealed record NodeOptions
{
    /// <summary>Where other stores receive this node's models from, such as <c>http://10.0.0.7:4054</c>.</summary>
    public required Uri Transfer { get; init; }

    /// <summary>Where its HTTP is; null where it has none.</summary>
    public Uri? Http { get; init; }

    /// <summary>Where its gRPC is; null where it has none.</summary>
    public Uri? Grpc { get; init; }

    /// <summary>Makes the client that receives models from other nodes; with the certificate that they want.</summary>
    public Func<HttpClient> CreateClient { get; init; } = static () => TransferClient.Create();
}
