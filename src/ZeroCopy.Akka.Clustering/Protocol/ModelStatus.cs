using System.Collections.Immutable;
using Akka.Actor;
using ZeroCopy.Manifests;

namespace ZeroCopy.Clustering.Protocol;

/// <summary>A version of a name in the cluster.</summary>
/// <param name="Name">What it is called by.</param>
/// <param name="Version">The version; null for a pool that has none.</param>
/// <param name="Model">The model; null for a pool that code made.</param>
/// <param name="IsCurrent">Whether calls without a version get it.</param>
/// <param name="Bytes">Bytes of the model's distinct blocks.</param>
/// <param name="Holders">Nodes whose stores hold it.</param>
/// <param name="Replicas">Nodes that have it loaded.</param>
/// <param name="Problem">What is wrong with it, such as a node that holds another model under the same name and version; else null.</param>
/// <param name="Percent">
/// Share of the calls without a version that get it, 0 to 100; 0 also where a node of an earlier version of the product answers.
/// </param>
public sealed record ModelStatus(
    string Name, int? Version, ModelId? Model, bool IsCurrent, long Bytes, ImmutableArray<Address> Holders,
    ImmutableArray<Address> Replicas, string? Problem, int Percent = 0);
