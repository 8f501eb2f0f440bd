using System.Collections.Immutable;
using ZeroCopy.Actors.Endpoints;
using ZeroCopy.Actors.Stores;
using ZeroCopy.Nodes;
using ZeroCopy.Store;

namespace ZeroCopy.Actors.Nodes;

/// <summary>What an actor system serves its models with. Thread-safe.</summary>
internal sealed class SystemStatus(NodeDirectory endpoints, SystemStore store) : INodeStatus
{
    /// <inheritdoc/>
    public ImmutableArray<PoolStatus> GetPools() =>
    [
        .. from pool in endpoints.Pools
           let telemetry = pool.Telemetry
           group pool by (telemetry.Model, telemetry.Version) into served
           orderby served.Key
           select new PoolStatus(
               served.Key.Model,
               served.First().Version,
               served.Sum(pool => pool.Actors),
               served.Sum(pool => pool.ReadyActors),
               served.Sum(pool => pool.Pending),
               served.Sum(pool => pool.Settings.QueueCapacity))
           {
               ModelId = served.First().ModelId,
           },
    ];

    /// <inheritdoc/>
    public StoreStatistics? GetStore() => store.Current?.GetStatistics();

    /// <inheritdoc/>
    public ImmutableArray<ModelSharing> GetSharing() => [.. store.Current?.GetSharing() ?? []];
}
