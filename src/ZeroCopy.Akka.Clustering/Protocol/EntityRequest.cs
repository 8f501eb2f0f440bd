using System.Collections.Immutable;
using Akka.Actor;

namespace ZeroCopy.Clustering.Protocol;

/// <summary>A request to the entity of a name. A closed set.</summary>
public abstract record EntityRequest : IEntityMessage
{
    private EntityRequest(string name) => Name = name;

    /// <inheritdoc/>
    public string Name { get; }

    /// <summary>
    /// Asks for the route, now and at each change until the sender has stopped; the temporary sender of an <c>Ask</c> gets it once. Answer:
    /// <see cref="ModelRoute"/>.
    /// </summary>
    public sealed record Follow(string Name) : EntityRequest(Name);

    /// <summary>Wants the route no longer. Not answered.</summary>
    public sealed record Unfollow(string Name) : EntityRequest(Name);

    /// <summary>
    /// Asks where a call should go whose version nobody has warm, or whose nodes failed: the entity chooses a node and brings the model
    /// there. Answer: <see cref="EntityReply.Placed"/> or <see cref="EntityReply.Failed"/>.
    /// </summary>
    /// <param name="Name">What it is called by.</param>
    /// <param name="Version">The version; null for the current one.</param>
    /// <param name="Tried">Nodes that failed the call already.</param>
    /// <param name="Id">The request's number.</param>
    public sealed record Place(string Name, int? Version, ImmutableArray<Address> Tried, long Id) : EntityRequest(Name), IRequestMessage;

    /// <summary>
    /// Sets and pins the version that calls get, first for a share of them where asked. Answer: <see cref="EntityReply.Decided"/> when it
    /// is as warm as the one before, or <see cref="EntityReply.Failed"/>.
    /// </summary>
    /// <param name="Name">What it is called by.</param>
    /// <param name="Version">The version.</param>
    /// <param name="Percent">Share of the calls that get it, 1 to 100.</param>
    /// <param name="Id">The request's number.</param>
    public sealed record RollOut(string Name, int Version, int Percent, long Id) : EntityRequest(Name), IRequestMessage;

    /// <summary>
    /// Returns to the version before the last roll-out. Answer: <see cref="EntityReply.Decided"/> or <see cref="EntityReply.Failed"/>.
    /// </summary>
    public sealed record RollBack(string Name, long Id) : EntityRequest(Name), IRequestMessage;
}
