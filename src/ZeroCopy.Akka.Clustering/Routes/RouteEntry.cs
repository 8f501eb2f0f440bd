using System.Collections.Concurrent;
using ZeroCopy.Clustering.Protocol;

namespace ZeroCopy.Clustering.Routes;

/// <summary>A name that this process calls: its route, kept current. Thread-safe.</summary>
/// <param name="name">What it is called by.</param>
/// <param name="clock">Tells how long nobody has used it.</param>
internal sealed class RouteEntry(string name, TimeProvider clock)
{
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<int, ClusterEndpoint> _endpoints = new();
    private volatile KnownRoute? _known;
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _lastUse = clock.GetTimestamp();
    private volatile bool _isForgotten;

    /// <summary>What it is called by.</summary>
    public string Name => name;

    /// <summary>The route; null where none has come yet.</summary>
    public ModelRoute? Route => _known?.Route;

    /// <summary>Ends with the first route.</summary>
    public Task First => _first.Task;

    /// <summary>Ends when the route is no longer the given one.</summary>
    public Task ChangeOf(ModelRoute route)
    {
        // Taken first: a route that comes in between ends it.
        var next = Volatile.Read(ref _next).Task;
        return ReferenceEquals(Route, route) ? next : Task.CompletedTask;
    }

    /// <summary>Whether no route comes here any more, and the name has to be looked for again.</summary>
    public bool IsForgotten => _isForgotten;

    /// <summary>How long nobody has used it.</summary>
    public TimeSpan Idle => clock.GetElapsedTime(Volatile.Read(ref _lastUse));

    /// <summary>
    /// The endpoint of a version, one for all callers; null for the current one. Of a version that the route lacks, whose number may be any
    /// that a caller names, each gets one of its own.
    /// </summary>
    public ClusterEndpoint Endpoint(int? version, Func<RouteEntry, int?, ClusterEndpoint> create) => version is null || Has(version)
        ? _endpoints.GetOrAdd(version ?? 0, static (_, of) => of.create(of.Item1, of.version), (this, version, create))
        : create(this, version);

    /// <summary>Somebody uses it.</summary>
    public void Use() => Volatile.Write(ref _lastUse, clock.GetTimestamp());

    /// <summary>No route comes any more; who waits for the first one fails.</summary>
    public void Fail(Exception reason)
    {
        _isForgotten = true;
        if (_first.TrySetException(reason))
        {
            // Nobody may be waiting.
            _ = _first.Task.Exception;
        }
    }

    /// <summary>Its entity's word; false where that says nothing new.</summary>
    public bool Set(ModelRoute route)
    {
        if (route.Equals(Route))
        {
            return false;
        }

        _known = KnownRoute.Of(route);
        OnChanged();
        return true;
    }

    /// <summary>What others than its entity know; false where another route than the known one, or null, is there already.</summary>
    public bool Suppose(ModelRoute? known, ModelRoute route)
    {
        var last = _known;
        if (!ReferenceEquals(last?.Route, known) || Interlocked.CompareExchange(ref _known, KnownRoute.Of(route), last) != last)
        {
            return false;
        }

        OnChanged();
        return true;
    }

    /// <summary>The replicas of a version that have it loaded, found once for each route.</summary>
    public ReadOnlySpan<Replica> WarmAt(int? version) =>
        _known is { } known && known.Warm.TryGetValue(version ?? 0, out var warm) ? warm : [];

    private bool Has(int? version) => Route is { } route && route.Replicas.Any(replica => replica.Version == version);

    private void OnChanged()
    {
        foreach (var gone in _endpoints.Keys.Where(version => version != 0 && !Has(version)))
        {
            _endpoints.TryRemove(gone, out _);
        }

        _first.TrySetResult();
        Interlocked.Exchange(ref _next, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    private sealed record KnownRoute(ModelRoute Route, Dictionary<int, Replica[]> Warm)
    {
        public static KnownRoute Of(ModelRoute route) => new(
            route,
            route.Replicas.Where(replica => replica.IsWarm).GroupBy(replica => replica.Version ?? 0)
                .ToDictionary(version => version.Key, version => version.ToArray()));
    }
}
