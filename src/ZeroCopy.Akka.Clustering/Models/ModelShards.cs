using Akka.Cluster.Sharding;
using ZeroCopy.Clustering.Protocol;

namespace ZeroCopy.Clustering.Models;

/// <summary>Which entity a message is for, and which shard the entity is in.</summary>
internal sealed class ModelShards() : HashCodeMessageExtractor(MaxShards)
{
    public const string TypeName = "zerocopy-models";

    // Ten for each node of a cluster of ten; the same number on every node.
    private const int MaxShards = 100;

    public override string? EntityId(object message) => (message as IEntityMessage)?.Name;
}
