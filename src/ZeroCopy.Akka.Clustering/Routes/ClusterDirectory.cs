using System.Collections.Immutable;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Endpoints;

namespace ZeroCopy.Clustering.Routes;

/// <summary>Every model of the cluster, and the pools of this process that only it can call. Thread-safe.</summary>
/// <param name="routes">What its endpoints call with.</param>
/// <param name="status">What the whole cluster has.</param>
internal sealed class ClusterDirectory(RouteContext routes, Func<CancellationToken, Task<NodeReply.ClusterStatus>> status)
    : IEndpointDirectory
{
    private const int MaxName = 256;

    private static readonly TimeSpan EntityTime = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public event Action? Changed
    {
        add
        {
            routes.Table.Changed += value;
            if (routes.Own is { } own)
            {
                own.Changed += value;
            }
        }

        remove
        {
            routes.Table.Changed -= value;
            if (routes.Own is { } own)
            {
                own.Changed -= value;
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IModelEndpoint?> FindAsync(string name, int? version = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.Length is 0 or > MaxName)
        {
            return null;
        }

        var coming = routes.Table.GetAsync(name, cancellationToken).AsTask();
        if (coming.IsCompletedSuccessfully && coming.Result is var known && IsHeld(known.Route!, version))
        {
            return Endpoint(known, version);
        }

        // What this node has itself is used where the route lacks it, as what came into its store a moment ago is not announced yet, and
        // where the route does not come: its entity may be lost, and take its time to start elsewhere.
        var own = routes.Own is { } here ? await here.FindAsync(name, version, cancellationToken).ConfigureAwait(false) : null;
        if (own is not null
            && await Task.WhenAny(coming, Task.Delay(EntityTime, routes.Clock, cancellationToken)).ConfigureAwait(false) != coming)
        {
            return own;
        }

        var entry = await coming.ConfigureAwait(false);
        return IsHeld(entry.Route!, version) ? Endpoint(entry, version) : own;
    }

    /// <inheritdoc/>
    public async ValueTask<ImmutableArray<IModelEndpoint>> ListAsync(CancellationToken cancellationToken = default)
    {
        // What is here says most about itself.
        var own = routes.Own is { } here ? await here.ListAsync(cancellationToken).ConfigureAwait(false) : [];
        var listed = own.DistinctBy(endpoint => (endpoint.Name, endpoint.Version))
            .ToDictionary(endpoint => (endpoint.Name, endpoint.Version));
        var known = await status(cancellationToken).ConfigureAwait(false);
        var elsewhere = known.Models.Where(model => !listed.ContainsKey((model.Name, model.Version))).ToLookup(model => model.Name);
        // All at once: each entity answers for itself.
        var entries = await Task.WhenAll(elsewhere.Select(models => routes.Table.GetAsync(models.Key, cancellationToken).AsTask()))
            .ConfigureAwait(false);
        foreach (var entry in entries)
        {
            foreach (var model in elsewhere[entry.Name])
            {
                listed.TryAdd((model.Name, model.Version), Endpoint(entry, model.Version));
            }
        }

        return
        [
            .. listed.Values.OrderBy(endpoint => endpoint.Name, StringComparer.Ordinal).ThenBy(endpoint => endpoint.Version),
        ];
    }

    private static bool IsHeld(ModelRoute route, int? version) => route.Problem is not null || (version is null
        ? !route.Replicas.IsEmpty
        : route.Replicas.Any(replica => replica.Version == version));

    private ClusterEndpoint Endpoint(RouteEntry entry, int? version) =>
        entry.Endpoint(version, (entry, version) => new ClusterEndpoint(entry, version, routes));
}
