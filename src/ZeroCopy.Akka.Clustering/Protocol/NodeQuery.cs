using System.Collections.Immutable;
using ZeroCopy.Manifests;

namespace ZeroCopy.Clustering.Protocol;

/// <summary>
/// What anybody may ask a node, <c>/user/zerocopy/node</c>, a member of the cluster or not; a <see cref="NodeReply"/> answers. A closed
/// set.
/// </summary>
public abstract record NodeQuery : IRequestMessage
{
    private NodeQuery(long id) => Id = id;

    /// <inheritdoc/>
    public long Id { get; }

    /// <summary>Asks for what the node itself has. Answer: <see cref="NodeReply.Holdings"/>.</summary>
    /// <param name="Id">The request's number.</param>
    /// <param name="AsContact">
    /// Whether a node is looked for that passes on what is for the entities of names: it tells of itself, and of no model. Answer of one
    /// that does not, as it is no member yet or not any more: <see cref="NodeReply.Failed"/>.
    /// </param>
    public sealed record Holdings(long Id, bool AsContact = false) : NodeQuery(Id);

    /// <summary>Asks for members and models of the whole cluster. Answer: <see cref="NodeReply.ClusterStatus"/>.</summary>
    public sealed record ClusterStatus(long Id) : NodeQuery(Id);

    /// <summary>
    /// Asks for counts and sizes of the node's own store, and who holds which of its models. Answer: <see cref="NodeReply.StoreStatus"/>.
    /// </summary>
    public sealed record StoreStatus(long Id) : NodeQuery(Id);

    /// <summary>
    /// Asks where a model is, for a store that wants to receive it. Answer: <see cref="NodeReply.Located"/> or
    /// <see cref="NodeReply.Failed"/>.
    /// </summary>
    /// <param name="Name">Name, and version; without one the current.</param>
    /// <param name="Id">The request's number.</param>
    public sealed record Locate(ModelName Name, long Id) : NodeQuery(Id);

    /// <summary>
    /// Has the node receive a model that a process outside holds. Answer: <see cref="NodeReply.Opened"/> or
    /// <see cref="NodeReply.Failed"/>.
    /// </summary>
    /// <param name="Name">Its name; without a version it gets the cluster's next.</param>
    /// <param name="Model">The model.</param>
    /// <param name="Sources">Where the node receives it from.</param>
    /// <param name="Store">Name of the store's directory that it is in: nothing moves where that is the node's own.</param>
    /// <param name="Id">The request's number.</param>
    public sealed record Receive(ModelName Name, ModelId Model, ImmutableArray<Uri> Sources, string Store, long Id) : NodeQuery(Id);

    /// <summary>
    /// Takes a name from the stores of every node. Answer: <see cref="NodeReply.Removed"/> or <see cref="NodeReply.Failed"/>.
    /// </summary>
    /// <param name="Name">Name, and version; without one every version.</param>
    /// <param name="Everywhere">Whether other nodes are asked too.</param>
    /// <param name="Id">The request's number.</param>
    public sealed record Remove(ModelName Name, bool Everywhere, long Id) : NodeQuery(Id);
}
