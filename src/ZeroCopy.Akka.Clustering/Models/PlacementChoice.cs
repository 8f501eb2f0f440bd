using Akka.Actor;
using ZeroCopy.Clustering.Protocol;

namespace ZeroCopy.Clustering.Models;

/// <summary>A node for a call.</summary>
/// <param name="Node">The node.</param>
/// <param name="Held">The version, as the node has it or as it would receive it.</param>
/// <param name="IsThere">Whether the node has it.</param>
internal sealed record PlacementChoice(Address Node, HeldVersion Held, bool IsThere);
