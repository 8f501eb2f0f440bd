using System.Collections.Immutable;
using Akka.Actor;

namespace ZeroCopy.Clustering.Protocol;

/// <summary>A member of the cluster as a node sees it.</summary>
/// <param name="Address">Where remoting reaches it.</param>
/// <param name="Status">Its status as Akka.Cluster names it, such as <c>Up</c>; <c>Unreachable</c> where it does not answer.</param>
/// <param name="Roles">Its roles.</param>
/// <param name="Node">What it said of itself last; null where it said nothing yet.</param>
public sealed record MemberInfo(Address Address, string Status, ImmutableArray<string> Roles, NodeReport? Node);
