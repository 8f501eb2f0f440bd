using Akka.Actor;

namespace ZeroCopy.Clustering.Catalog;

/// <summary>Where nodes are.</summary>
internal static class NodePath
{
    /// <summary>Name of a node's actor below <c>/user/zerocopy</c>.</summary>
    public const string Name = "node";

    /// <summary>The actor of a node.</summary>
    public static ActorSelection At(ActorSystem system, Address node) =>
        system.ActorSelection(new RootActorPath(node) / "user" / "zerocopy" / Name);
}
