using System.Collections.Immutable;

namespace ZeroCopy.Actors.Settings;

/// <summary>Models over HTTP and gRPC; the HOCON root is <c>zerocopy.serving</c>.</summary>
public sealed record ServingSettings
{
    /// <summary>Port of HTTP; 0 for any free one.</summary>
    public int Port { get; init; } = 8080;

    /// <summary>Port of gRPC; 0 for any free one, null for no gRPC.</summary>
    public int? GrpcPort { get; init; }

    /// <summary>Most bytes of a request's body, also when it is decompressed, and of a message of gRPC.</summary>
    public long MaxBody { get; init; } = 256L << 20;

    /// <summary>Most tensors of a request.</summary>
    public int MaxTensors { get; init; } = 256;

    /// <summary>Most elements of a request's tensors together.</summary>
    public int MaxElements { get; init; } = 1 << 28;

    /// <summary>Most arrays and objects of a request's JSON that lie in each other.</summary>
    public int MaxJsonDepth { get; init; } = 64;

    /// <summary>Whether callers may register shared memory of the node's own user.</summary>
    public bool SharedMemory { get; init; }

    /// <summary>When a client whose call was refused for overload may try again.</summary>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a node that ends still takes calls.</summary>
    public TimeSpan DrainDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Whether each request is logged, without its body.</summary>
    public bool AccessLog { get; init; }

    /// <summary>The certificate that it is served with; null for none, in the clear.</summary>
    public ServingTlsSettings? Tls { get; init; }

    /// <summary>The hashes of the keys that open it, by the names of those who have them; none: everybody may call.</summary>
    public ImmutableArray<ApiKeySettings> ApiKeys { get; init; } = [];
}
