using System.Collections.Immutable;
using ZeroCopy.Endpoints;

namespace ZeroCopy.Serving.Tests.Fakes;

/// <summary>A model that other nodes serve.</summary>
public sealed class ReplicatedEndpoint(string name, params EndpointReplica[] replicas) : IReplicatedEndpoint
{
    public string Name { get; } = name;

    public int? Version => 1;

    public EndpointState State => EndpointState.Ready;

    public string? LastError => null;

    public ImmutableArray<EndpointReplica> GetReplicas() => [.. replicas];

    public Task<ModelSignature> GetSignatureAsync(CancellationToken cancellationToken = default) =>
        Task.FromResult(new ModelSignature([]));

    public Task<ModelAnswer> CallAsync(
        string method, IReadOnlyList<NamedTensor> inputs, CallOptions? options = null, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException("No spec calls it.");
}
