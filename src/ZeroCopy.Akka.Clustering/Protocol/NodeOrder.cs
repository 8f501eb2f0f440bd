using System.Collections.Immutable;
using ZeroCopy.Manifests;

namespace ZeroCopy.Clustering.Protocol;

/// <summary>What an entity has a node do, <c>/user/zerocopy/node</c>. A closed set.</summary>
public abstract record NodeOrder : IClusterMessage
{
    private NodeOrder()
    {
    }

    /// <summary>
    /// Asks for the node's <see cref="ModelReport"/> of a name, also where it has nothing of it: from an entity that has just started.
    /// </summary>
    public sealed record Report(string Name) : NodeOrder;

    /// <summary>
    /// Has the node hold a model under its name, received from those who have it where the store lacks it, and load it where wanted.
    /// Answer: <see cref="NodeReply.Opened"/> or <see cref="NodeReply.Failed"/>; to the same order of the same sender meanwhile
    /// <see cref="NodeReply.Opening"/>.
    /// </summary>
    /// <param name="Name">Name and version.</param>
    /// <param name="Model">The model.</param>
    /// <param name="Sources">Where stores receive it from.</param>
    /// <param name="Warm">Whether it is loaded too, and answered when it is.</param>
    /// <param name="Id">The order's number.</param>
    public sealed record Open(ModelName Name, ModelId Model, ImmutableArray<Uri> Sources, bool Warm, long Id) : NodeOrder, IRequestMessage;

    /// <summary>Ends the pool of a version as soon as no call goes to it. Its blocks stay. Not answered.</summary>
    public sealed record Close(ModelName Name) : NodeOrder;

    /// <summary>Tells of a roll-out, which the node reports with the name from then on. Not answered.</summary>
    public sealed record Keep(string Name, Rollout Rollout) : NodeOrder;
}
