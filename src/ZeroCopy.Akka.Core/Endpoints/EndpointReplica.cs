namespace ZeroCopy.Endpoints;

/// <summary>A node that can be called for a model.</summary>
/// <param name="Node">Where other nodes reach it.</param>
/// <param name="ReadyActors">Actors that have the model loaded; 0 where the first call loads it.</param>
public sealed record EndpointReplica(string Node, int ReadyActors);
