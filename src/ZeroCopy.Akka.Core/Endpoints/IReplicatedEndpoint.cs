using System.Collections.Immutable;

namespace ZeroCopy.Endpoints;

/// <summary>An endpoint whose calls go to one of several nodes. Thread-safe.</summary>
public interface IReplicatedEndpoint : IModelEndpoint
{
    /// <summary>
    /// The nodes that can be called, those among them that load the model with their first call. Read from memory: never waits for another
    /// process.
    /// </summary>
    ImmutableArray<EndpointReplica> GetReplicas();
}
