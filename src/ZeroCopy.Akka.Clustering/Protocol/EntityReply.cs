using Akka.Actor;
using ZeroCopy.Errors;

namespace ZeroCopy.Clustering.Protocol;

/// <summary>Answers an <see cref="EntityRequest"/>. A closed set.</summary>
public abstract record EntityReply : IRequestMessage
{
    private EntityReply(long id) => Id = id;

    /// <inheritdoc/>
    public long Id { get; }

    /// <summary>A node that has the model and can be called.</summary>
    public sealed record Placed(Address Node, int? Version, long Id) : EntityReply(Id);

    /// <summary>The version that calls get from now on.</summary>
    public sealed record Decided(int? Version, int Percent, long Id) : EntityReply(Id);

    /// <summary>It cannot be done, for that reason.</summary>
    public sealed record Failed(InferenceFailure Failure, string Message, long Id) : EntityReply(Id);
}
