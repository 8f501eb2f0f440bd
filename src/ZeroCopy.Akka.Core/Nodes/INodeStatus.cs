using System.Collections.Immutable;
using ZeroCopy.Store;

namespace ZeroCopy.Nodes;

/// <summary>What a node serves its models with, for people to look at. Thread-safe; never waits for another process.</summary>
public interface INodeStatus
{
    /// <summary>The pools of this process that are called by named tensors, by model and version.</summary>
    ImmutableArray<PoolStatus> GetPools();

    /// <summary>The counts and sizes of the node's store; null where it has none open.</summary>
    StoreStatistics? GetStore();

    /// <summary>The blocks of each model of the store, and how many of them it shares; empty where none is open.</summary>
    ImmutableArray<ModelSharing> GetSharing();
}
