using System.Collections.Immutable;
using ZeroCopy.Actors.Endpoints;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;

namespace ZeroCopy.Clustering.Routes;

/// <summary>Every model of the cluster, and the pools of this process that only it can call. Thread-safe.</summary>
/// <param name="routes">What its endpoints call with.</param>
/// <param name="status">What the whole cluster has.</param>
internal sealed class ClusterDirectory(RouteContext routes, Func<CancellationToken, Task<NodeReply.ClusterStatus>> status)
    : IEndpointDirectory
{
    private const int MaxName = 256;

    private readonly Lock _surveying = new();
    private Task<NodeReply.ClusterStatus>? _survey;

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

        // What this node has itself is used where the route lacks it, as what came into its store a moment ago is not announced yet.
        var own = routes.Own is { } here ? await here.FindAsync(name, version, cancellationToken).ConfigureAwait(false) : null;
        if (!await routes.IsToldAsync(coming, cancellationToken).ConfigureAwait(false))
        {
            if (own is not null)
            {
                Observe(coming);
                return Endpoint(routes.Table.Follow(name), version, own);
            }

            await SupposeAsync(name, version, coming, cancellationToken).ConfigureAwait(false);
        }

        var entry = await coming.ConfigureAwait(false);
        return own is not null ? Endpoint(entry, version, own) : IsHeld(entry.Route!, version) ? Endpoint(entry, version) : null;
    }

    /// <inheritdoc/>
    public async ValueTask<ImmutableArray<IModelEndpoint>> ListAsync(CancellationToken cancellationToken = default)
    {
        // What is here says most about itself, unless calls go to others that have it loaded.
        var own = routes.Own is { } here ? await here.ListAsync(cancellationToken).ConfigureAwait(false) : [];
        var listed = own.DistinctBy(endpoint => (endpoint.Name, endpoint.Version))
            .ToDictionary(endpoint => (endpoint.Name, endpoint.Version));
        var known = await status(cancellationToken).ConfigureAwait(false);
        var elsewhere = known.Models.Where(
            model => !listed.TryGetValue((model.Name, model.Version), out var here) || IsCold(here))
            .ToLookup(model => model.Name);
        // All at once: each entity answers for itself.
        var entries = await Task.WhenAll(elsewhere.Select(EntryAsync)).ConfigureAwait(false);
        foreach (var entry in entries.OfType<RouteEntry>())
        {
            foreach (var model in elsewhere[entry.Name])
            {
                if (!listed.ContainsKey((model.Name, model.Version)) || IsHeld(entry.Route!, model.Version))
                {
                    listed[(model.Name, model.Version)] = Endpoint(entry, model.Version);
                }
            }
        }

        return
        [
            .. listed.Values.OrderBy(endpoint => endpoint.Name, StringComparer.Ordinal).ThenBy(endpoint => endpoint.Version),
        ];

        async Task<RouteEntry?> EntryAsync(IGrouping<string, ModelStatus> models)
        {
            var coming = routes.Table.GetAsync(models.Key, cancellationToken).AsTask();
            if (!await routes.IsToldAsync(coming, cancellationToken).ConfigureAwait(false))
            {
                if (RouteOf(models.Key, null, known.Models) is not { } route)
                {
                    // Its entity may take as long as it likes, and a list is not to wait for that.
                    Observe(coming);
                    return null;
                }

                routes.Table.Suppose(route);
            }

            return await coming.ConfigureAwait(false);
        }
    }

    /// <summary>Asks the nodes for a route that its entity does not tell; returns when there is one, or nobody knows any.</summary>
    private async Task SupposeAsync(string name, int? version, Task<RouteEntry> coming, CancellationToken cancellationToken)
    {
        Task<NodeReply.ClusterStatus> survey;
        lock (_surveying)
        {
            // One for all callers: many names may be looked for at once. It goes on where one of them gives up.
            _survey = survey = _survey is { IsCompleted: false } ? _survey : status(CancellationToken.None);
        }

        Observe(survey);
        Observe(coming);

        if (await Task.WhenAny(survey, coming).WaitAsync(cancellationToken).ConfigureAwait(false) == coming)
        {
            return;
        }

        try
        {
            if (RouteOf(name, version, (await survey.ConfigureAwait(false)).Models) is { } route)
            {
                routes.Table.Suppose(route);
            }
        }
        catch (InferenceException)
        {
            // No node answers: its entity is waited for, as without a survey.
        }
    }

    // Who waited for it may have what it needs already.
    private static void Observe(Task task) => task.ContinueWith(static task => task.Exception, TaskScheduler.Default);

    /// <summary>How a name is called as far as its holders know; null where that is not told from its versions alone.</summary>
    private static ModelRoute? RouteOf(string name, int? version, IEnumerable<ModelStatus> models)
    {
        var versions = models.Where(model => model.Name == name).ToArray();
        if (versions.Length == 0 || versions.DistinctBy(model => model.Version).Count() < versions.Length
            || (version is not null && versions.All(model => model.Version != version)))
        {
            // Of two models of one version the entity knows which is served, and of holders that did not answer what they hold.
            return null;
        }

        var replicas =
            from model in versions
            from node in model.Holders.Union(model.Replicas)
            select new Replica(node, model.Version, EndpointState.Ready, model.Replicas.Contains(node) ? 1 : 0, 0, model.Model);
        return new ModelRoute(name, versions.FirstOrDefault(model => model.IsCurrent)?.Version, null, 0, [.. replicas], null);
    }

    private static bool IsCold(IModelEndpoint own) =>
        own is IServedEndpoint { IsOfCode: false, ReadyActors: 0, State: EndpointState.Ready };

    private static bool IsHeld(ModelRoute route, int? version) => route.Problem is not null || (version is null
        ? !route.Replicas.IsEmpty
        : route.Replicas.Any(replica => replica.Version == version));

    /// <summary>
    /// What this node has itself. A model of its store that the route lacks is about to be announced: its endpoint is one of the cluster
    /// from the start, so that who keeps it hears of all that comes, by a route that names this node until its entity tells one.
    /// </summary>
    private IModelEndpoint Endpoint(RouteEntry entry, int? version, IModelEndpoint own)
    {
        var known = entry.Route;
        if (known is null || !IsHeld(known, version))
        {
            if (!routes.IsServing || own is not IServedEndpoint { Model: { } model })
            {
                return own;
            }

            var route = known ?? new ModelRoute(entry.Name, null, null, 0, [], null);
            // As one that has it loaded: the entity, which knows nothing of it yet, is not asked for a node.
            var here = new Replica(routes.Self!, own.Version, EndpointState.Ready, 1, 0, model.Id);
            routes.Table.Suppose(
                route with { Current = route.Replicas.IsEmpty ? own.Version : route.Current, Replicas = route.Replicas.Add(here) }, known);
        }

        return Endpoint(entry, version);
    }

    private ClusterEndpoint Endpoint(RouteEntry entry, int? version) =>
        entry.Endpoint(version, (entry, version) => new ClusterEndpoint(entry, version, routes));
}
