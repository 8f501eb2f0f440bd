using Akka.Actor;
using ZeroCopy.Endpoints;
using ZeroCopy.Manifests;

namespace ZeroCopy.Clustering.Protocol;

/// <summary>A node that can be called for a version.</summary>
/// <param name="Node">The node.</param>
/// <param name="Version">The version; null for a pool that has none.</param>
/// <param name="State">Whether it can be called now.</param>
/// <param name="ReadyActors">Actors that have it loaded; 0 where the first call loads it.</param>
/// <param name="Pending">Calls that were queued or running there when it was last heard of.</param>
/// <param name="Model">The model; null for a pool that code made.</param>
/// <param name="LastError">Why it could not be loaded there the last time; null while it could.</param>
public sealed record Replica(
    Address Node, int? Version, EndpointState State, int ReadyActors, int Pending, ModelId? Model = null, string? LastError = null)
{
    /// <summary>Whether the next call there waits for no load.</summary>
    public bool IsWarm => ReadyActors > 0 && State == EndpointState.Ready;
}
