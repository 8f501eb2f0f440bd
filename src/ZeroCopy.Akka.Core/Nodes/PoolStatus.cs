using ZeroCopy.Manifests;

namespace ZeroCopy.Nodes;

/// <summary>A pool of actors that serves one version of a model.</summary>
/// <param name="Model">What the model is called by.</param>
/// <param name="Version">Its version; null where it has none.</param>
/// <param name="Actors">Actors of the pool, those that load the model among them.</param>
/// <param name="ReadyActors">Actors that have the model.</param>
/// <param name="Pending">Calls that are queued or running.</param>
/// <param name="QueueCapacity">Most calls that may be.</param>
public sealed record PoolStatus(string Model, int? Version, int Actors, int ReadyActors, int Pending, int QueueCapacity)
{
    /// <summary>The model of the store that its actors have; null where that is not known.</summary>
    public ModelId? ModelId { get; init; }
}
