using System.Collections.Immutable;
using Akka.Actor;

namespace ZeroCopy.Clustering.Protocol;

/// <summary>
/// What a node has of one name: to the name's entity, which takes it instead of the node's last one. In several messages, one behind the
/// other, where a frame does not hold it. Not answered.
/// </summary>
/// <param name="Name">What it is called by.</param>
/// <param name="Node">The node.</param>
/// <param name="Versions">The versions that it has; empty where it has none any more.</param>
/// <param name="Rollout">The roll-out that the node heard of last; null for none.</param>
/// <param name="Part">Which of the messages it is, counted from 0.</param>
/// <param name="HasMore">Whether further versions come in another message.</param>
public sealed record ModelReport(
    string Name, Address Node, ImmutableArray<HeldVersion> Versions, Rollout? Rollout, int Part = 0, bool HasMore = false)
    : IEntityMessage, IPaged
{
    int? IPaged.Part => Part;

    IPaged IPaged.Behind(IPaged before) =>
        this with { Versions = ((ModelReport)before).Versions.AddRange(Versions), Part = HasMore ? Part : 0 };
}
