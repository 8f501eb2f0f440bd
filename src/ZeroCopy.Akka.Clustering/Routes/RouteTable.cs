using System.Collections.Concurrent;
using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using ZeroCopy.Actors.Endpoints;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Errors;

namespace ZeroCopy.Clustering.Routes;

/// <summary>
/// The routes of the names that this process calls: asked for once, then kept current by their entities, so that calls find them in memory,
/// also while an entity moves. Thread-safe.
/// </summary>
internal sealed class RouteTable
{
    private readonly ConcurrentDictionary<string, RouteEntry> _entries = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<long, RouteTableActor.Ask> _asks = new();
    private readonly IActorRef _actor;
    private readonly ILoggingAdapter _log;
    private readonly string _end;
    private readonly TimeProvider _clock;
    private volatile bool _closed;
    private long _lastId;

    /// <param name="start">Starts an actor.</param>
    /// <param name="log">Told of handlers that fail.</param>
    /// <param name="end">What has happened when nothing is called from here any more.</param>
    /// <param name="clock">Tells which names nobody has used for long, and when they are followed again; null for the system's.</param>
    public RouteTable(
        Func<Props, string, IActorRef> start, ILoggingAdapter log, string end = "this node shuts down", TimeProvider? clock = null)
    {
        (_log, _end, _clock) = (log, end, clock ?? TimeProvider.System);
        _actor = start(RouteTableActor.Props(this, _clock), "routes");
    }

    /// <summary>A route has come or changed. Raised on an actor's thread.</summary>
    public event Action? Changed;

    /// <summary>Whether the process has left the cluster, so that nothing is called from here any more.</summary>
    public bool IsClosed => _closed;

    /// <summary>What was asked for.</summary>
    internal IEnumerable<RouteEntry> Entries => _entries.Values;

    /// <summary>What is asked and not answered.</summary>
    internal IEnumerable<RouteTableActor.Ask> Asks => _asks.Values.Where(ask => !ask.Answer.Task.IsCompleted);

    /// <summary>What its actor was told last of where entities are reached; null before that.</summary>
    internal object? Entities { get; set; }

    /// <summary>From now on entities are reached there.</summary>
    public void Start(IActorRef models) => _actor.Tell(new RouteTableActor.ModelsAt(models), ActorRefs.NoSender);

    /// <summary>No entity is reached, until <see cref="Start"/>: what has no route yet fails with that reason.</summary>
    public void Lose(string reason) => _actor.Tell(new RouteTableActor.NoModels(reason), ActorRefs.NoSender);

    /// <summary>The entry of a name, with its route.</summary>
    /// <exception cref="InferenceException">
    /// The process has left: <see cref="InferenceFailure.ShuttingDown"/>; or no entity is reached.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled before a route had come.</exception>
    public ValueTask<RouteEntry> GetAsync(string name, CancellationToken cancellationToken)
    {
        ThrowIfClosed(name);
        var entry = Follow(name);
        return entry.Route is not null ? new ValueTask<RouteEntry>(entry) : new ValueTask<RouteEntry>(WaitAsync(entry, cancellationToken));
    }

    /// <summary>The entry of a name, whose route may be on its way yet.</summary>
    public RouteEntry Follow(string name)
    {
        while (true)
        {
            if (!_entries.TryGetValue(name, out var entry))
            {
                entry = _entries.GetOrAdd(name, static (name, clock) => new RouteEntry(name, clock), _clock);
                _actor.Tell(new RouteTableActor.Wanted(entry), ActorRefs.NoSender);
            }

            entry.Use();
            if (!entry.IsForgotten || _closed)
            {
                return entry;
            }

            Remove(entry);
        }
    }

    /// <summary>Asks the entity of a name for a node.</summary>
    /// <exception cref="InferenceException">There is none; the message says where it was tried and why.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<EntityReply.Placed> PlaceAsync(
        string name, int? version, ImmutableArray<Address> tried, CancellationToken cancellationToken)
    {
        ThrowIfClosed(name);
        var request = new EntityRequest.Place(name, version, tried, Interlocked.Increment(ref _lastId));
        var ask = new RouteTableActor.Ask(request);
        // Before the look: who closes beside this fails what it finds here, whether the actor has heard of it or not.
        _asks.TryAdd(request.Id, ask);
        if (_closed)
        {
            ask.Answer.TrySetException(Closed(name));
        }

        try
        {
            _actor.Tell(ask, ActorRefs.NoSender);
            return await ask.Answer.Task.WaitAsync(cancellationToken).ConfigureAwait(false) switch
            {
                EntityReply.Placed placed => placed,
                EntityReply.Failed failed => throw new InferenceException(failed.Failure, failed.Message),
                var other => throw new InferenceException(InferenceFailure.Unreachable, $"The entity of {name} answered with {other}."),
            };
        }
        finally
        {
            _asks.TryRemove(request.Id, out _);
            if (!ask.Answer.Task.IsCompleted)
            {
                _actor.Tell(new RouteTableActor.GivenUp(request.Id), ActorRefs.NoSender);
            }
        }
    }

    /// <summary>
    /// Calls go by a route that the nodes themselves know, until the entity of the name tells its own, or another one than is known.
    /// </summary>
    public void Suppose(ModelRoute route, ModelRoute? known = null)
    {
        if (_entries.TryGetValue(route.Name, out var entry) && entry.Suppose(known, route))
        {
            ChangeEvent.Raise(Changed, _log);
        }
    }

    internal void OnRoute(RouteEntry entry, ModelRoute route)
    {
        if (entry.Set(route))
        {
            ChangeEvent.Raise(Changed, _log);
        }
    }

    /// <summary>Nothing is called from here any more.</summary>
    internal void Close()
    {
        _closed = true;
        foreach (var entry in _entries.Values)
        {
            entry.Fail(Closed(entry.Name));
        }

        foreach (var ask in _asks.Values)
        {
            ask.Answer.TrySetException(Closed(ask.Request.Name));
        }

        ChangeEvent.Raise(Changed, _log);
    }

    /// <exception cref="InferenceException">The process has left the cluster.</exception>
    internal void ThrowIfClosed(string name)
    {
        if (_closed)
        {
            throw Closed(name);
        }
    }

    private InferenceException Closed(string name) =>
        new(InferenceFailure.ShuttingDown, $"{name} cannot be called from here any more: {_end}.");

    /// <summary>No route comes for an entry any more: whoever wants the name gets another one.</summary>
    internal void Forget(RouteEntry entry, string reason)
    {
        entry.Fail(Unreached(reason));
        Remove(entry);
    }

    internal static InferenceException Unreached(string reason) => new(InferenceFailure.Unreachable, reason);

    private void Remove(RouteEntry entry) => _entries.TryRemove(new(entry.Name, entry));

    private async Task<RouteEntry> WaitAsync(RouteEntry entry, CancellationToken cancellationToken)
    {
        if (_closed)
        {
            // It was closed beside this, and its actor may never have heard of the entry.
            entry.Fail(Closed(entry.Name));
        }

        await entry.First.WaitAsync(cancellationToken).ConfigureAwait(false);
        return entry;
    }
}
