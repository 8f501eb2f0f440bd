using System.Collections.Immutable;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store;

namespace ZeroCopy.Clustering.Protocol;

/// <summary>Answers a <see cref="NodeQuery"/> or a <see cref="NodeOrder"/>. A closed set.</summary>
public abstract record NodeReply : IRequestMessage
{
    private NodeReply(long id) => Id = id;

    /// <inheritdoc/>
    public long Id { get; }

    /// <summary>What the node itself has, by name. In several messages, one behind the other, where a frame does not hold it.</summary>
    /// <param name="Node">The node.</param>
    /// <param name="Models">What it has.</param>
    /// <param name="Id">The request's number.</param>
    /// <param name="HasMore">Whether further models come in another message.</param>
    public sealed record Holdings(NodeReport Node, ImmutableArray<ModelReport> Models, long Id, bool HasMore = false)
        : NodeReply(Id), IPaged
    {
        // The one where a message ends may go on in the next.
        IPaged IPaged.Behind(IPaged before) => this with
        {
            Models = ((Holdings)before).Models is [.. var whole, { HasMore: true } begun] && Models is [var next, .. var others]
                && IPaged.Join(begun, next) is { } joined
                    ? [.. whole, joined, .. others]
                    : ((Holdings)before).Models.AddRange(Models),
        };
    }

    /// <summary>
    /// Members and models of the whole cluster. In several messages, one behind the other, where a frame does not hold it.
    /// </summary>
    /// <param name="Members">The members; in the first messages.</param>
    /// <param name="Models">The models; behind the members.</param>
    /// <param name="Id">The request's number.</param>
    /// <param name="HasMore">Whether further members or models come in another message.</param>
    public sealed record ClusterStatus(
        ImmutableArray<MemberInfo> Members, ImmutableArray<ModelStatus> Models, long Id, bool HasMore = false) : NodeReply(Id), IPaged
    {
        IPaged IPaged.Behind(IPaged before) => ((ClusterStatus)before) with
        {
            Members = ((ClusterStatus)before).Members.AddRange(Members),
            Models = ((ClusterStatus)before).Models.AddRange(Models),
            HasMore = HasMore,
        };
    }

    /// <summary>The node's own store. In several messages, one behind the other, where a frame does not hold it.</summary>
    /// <param name="Statistics">Counts and sizes, the same in each message, and holders.</param>
    /// <param name="Id">The request's number.</param>
    /// <param name="HasMore">Whether further holders come in another message.</param>
    public sealed record StoreStatus(StoreStatistics Statistics, long Id, bool HasMore = false) : NodeReply(Id), IPaged
    {
        IPaged IPaged.Behind(IPaged before) => this with
        {
            Statistics = Statistics with { Holders = ((StoreStatus)before).Statistics.Holders.AddRange(Statistics.Holders) },
        };
    }

    /// <summary>A model, the nodes that hold it, and the names of their stores' directories.</summary>
    public sealed record Located(
        ModelHandle Model, ImmutableArray<Uri> Sources, ImmutableArray<string> Stores, long Id) : NodeReply(Id);

    /// <summary>The model is there, under its name; so many bytes came for it.</summary>
    public sealed record Opened(ModelHandle Model, long MovedBytes, long Id) : NodeReply(Id);

    /// <summary>
    /// An order that was given again is being carried out: its other answer comes when that has ended, however long it takes.
    /// </summary>
    public sealed record Opening(long Id) : NodeReply(Id);

    /// <summary>The names that were removed. In several messages, one behind the other, where a frame does not hold it.</summary>
    /// <param name="Names">The names.</param>
    /// <param name="Id">The request's number.</param>
    /// <param name="HasMore">Whether further names come in another message.</param>
    public sealed record Removed(ImmutableArray<ModelName> Names, long Id, bool HasMore = false) : NodeReply(Id), IPaged
    {
        IPaged IPaged.Behind(IPaged before) => this with { Names = ((Removed)before).Names.AddRange(Names) };
    }

    /// <summary>It cannot be done, for that reason.</summary>
    public sealed record Failed(InferenceFailure Failure, string Message, long Id) : NodeReply(Id);
}
