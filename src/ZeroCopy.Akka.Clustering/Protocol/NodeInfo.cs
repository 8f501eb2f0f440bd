using System.Collections.Immutable;
using Akka.Actor;

namespace ZeroCopy.Clustering.Protocol;

/// <summary>What stays the same of a node while it runs.</summary>
/// <param name="Address">Where remoting reaches it.</param>
/// <param name="Store">Name of its store's directory: nodes of one host that share a directory have the same.</param>
/// <param name="Transfer">Where other stores receive its models from, such as <c>http://10.0.0.7:4054</c>.</param>
/// <param name="Http">Where its HTTP is; null where it has none.</param>
/// <param name="Grpc">Where its gRPC is; null where it has none.</param>
/// <param name="ModelTypes">Keys of the registered model types that it can build, beside every script.</param>
public sealed record NodeInfo(
    Address Address, string Store, Uri Transfer, Uri? Http, Uri? Grpc, ImmutableArray<string> ModelTypes)
{
    /// <summary>Whether it can build a model, given what its recipe needs; null for a script, which every node builds.</summary>
    public bool CanBuild(string? modelType) => modelType is null || ModelTypes.Contains(modelType);
}
