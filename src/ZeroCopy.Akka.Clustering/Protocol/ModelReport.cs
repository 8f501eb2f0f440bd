using System.Collections.Immutable;
using Akka.Actor;

namespace ZeroCopy.Clustering.Protocol;

/// <summary>What a node has of one name: to the name's entity, which takes it instead of the node's last one. Not answered.</summary>
/// <param name="Name">What it is called by.</param>
/// <param name="Node">The node.</param>
/// <param name="Versions">The versions that it has; empty where it has none any more.</param>
/// <param name="Rollout">The roll-out that the node heard of last; null for none.</param>
public sealed record ModelReport(string Name, Address Node, ImmutableArray<HeldVersion> Versions, Rollout? Rollout) : IEntityMessage;
