using ZeroCopy.Endpoints;
using ZeroCopy.Manifests;

namespace ZeroCopy.Clustering.Protocol;

/// <summary>An endpoint of a node at one version, or a model that its store holds.</summary>
/// <param name="Version">The version; null for a pool that has none.</param>
/// <param name="Model">The model; null for a pool that code made.</param>
/// <param name="Bytes">Bytes of the model's distinct blocks.</param>
/// <param name="ModelType">
/// Key of the registered type that it is built by, <see cref="NoModelType"/> for weights alone, which no node can build; null for a
/// script, and for a pool that is there already.
/// </param>
/// <param name="CanBuild">Whether the node can build it, so that it can be called there.</param>
/// <param name="State">Whether it can be called now.</param>
/// <param name="ReadyActors">Actors that have it loaded; 0 where the first call starts the pool.</param>
/// <param name="Pending">Calls that are queued or running.</param>
/// <param name="LastError">Why it could not be loaded the last time; null while it could.</param>
public sealed record HeldVersion(
    int? Version, ModelId? Model, long Bytes, string? ModelType, bool CanBuild, EndpointState State, int ReadyActors, int Pending,
    string? LastError)
{
    /// <summary>Not empty: an empty text is sent for null.</summary>
    internal const string NoModelType = "\0";

    /// <summary>Whether more calls wait than the actors run next: a sign that the version should be on more nodes.</summary>
    public bool IsOverfull => ReadyActors > 0 && Pending > 2 * ReadyActors;
}
