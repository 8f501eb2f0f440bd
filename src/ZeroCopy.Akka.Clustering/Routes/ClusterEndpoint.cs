using System.Collections.Frozen;
using System.Collections.Immutable;
using Akka.Actor;
using ZeroCopy.Clocks;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;

namespace ZeroCopy.Clustering.Routes;

/// <summary>
/// A model anywhere in the cluster. A call goes to a replica in one hop; one that reached none, or whose replica died while it ran and that
/// may run twice, goes to another within its deadline. Thread-safe.
/// </summary>
/// <param name="entry">The name, which has a route.</param>
/// <param name="version">The version; null for the one that is current at each call.</param>
/// <param name="routes">What it calls with.</param>
internal sealed class ClusterEndpoint(RouteEntry entry, int? version, RouteContext routes)
    : ILoadableEndpoint, IReplicatedEndpoint
{
    private volatile RouteEntry _entry = entry;
    private volatile Tuple<int?, ModelSignature>? _signature;

    /// <inheritdoc/>
    public string Name { get; } = entry.Name;

    /// <inheritdoc/>
    public int? Version => version ?? Route.Current;

    /// <inheritdoc/>
    public EndpointState State
    {
        get
        {
            if (routes.Table.IsClosed)
            {
                return EndpointState.Failed;
            }

            var states = Replicas().Select(replica => replica.State).ToHashSet();
            return states.Contains(EndpointState.Ready) ? EndpointState.Ready
                : states.Contains(EndpointState.Loading) ? EndpointState.Loading
                : EndpointState.Failed;
        }
    }

    /// <inheritdoc/>
    public string? LastError => State == EndpointState.Ready ? null
        : Replicas().Any() ? Replicas().Select(replica => replica.LastError).FirstOrDefault(error => error is not null)
        : Route.Problem ?? NotFound().Message;

    /// <inheritdoc/>
    public ImmutableArray<EndpointReplica> GetReplicas() =>
    [
        .. Replicas().Where(replica => replica.State != EndpointState.Failed)
            .Select(replica => new EndpointReplica(replica.Node.ToString(), replica.ReadyActors)),
    ];

    /// <inheritdoc/>
    public async Task<ModelSignature> GetSignatureAsync(CancellationToken cancellationToken = default)
    {
        var wanted = version ?? (await EntryAsync(cancellationToken).ConfigureAwait(false)).Route!.Current;
        if (_signature is { } known && known.Item1 == wanted)
        {
            return known.Item2;
        }

        var failures = new Dictionary<Address, InferenceException>();
        var nearest = Replicas().OrderByDescending(replica => replica.Node == routes.Self).ThenByDescending(replica => replica.IsWarm);
        foreach (var replica in nearest)
        {
            try
            {
                var endpoint = await routes.EndpointAsync(replica.Node, Name, wanted, cancellationToken).ConfigureAwait(false);
                var signature = await endpoint.GetSignatureAsync(cancellationToken).ConfigureAwait(false);
                _signature = Tuple.Create(wanted, signature);
                return signature;
            }
            catch (InferenceException e)
            {
                failures[replica.Node] = e;
            }
        }

        throw failures.Count == 0 ? NotFound() : Tried(failures, failures.Values.Last());
    }

    /// <inheritdoc/>
    public async Task<ModelAnswer> CallAsync(
        string method, IReadOnlyList<NamedTensor> inputs, CallOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(method);
        ArgumentNullException.ThrowIfNull(inputs);
        options ??= CallOptions.Default;
        var limit = Durations.OrNone(options.Deadline);
        if (limit <= TimeSpan.Zero)
        {
            throw Late(limit.Value);
        }

        using var late = limit is { } given ? new LimitSource(given, routes.Clock) : null;
        using var ended = late is null ? null : CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        var token = ended?.Token ?? cancellationToken;
        var failures = new Dictionary<Address, InferenceException>();
        try
        {
            return await CallAsync(method, inputs, options, limit, failures, token, cancellationToken).ConfigureAwait(false);
        }
        catch (InferenceException e) when (e.Failure is InferenceFailure.DeadlineExceeded && failures.Count > 0 && limit is not null)
        {
            throw Late(limit.Value, failures);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested && limit is not null)
        {
            throw failures.Count == 0 ? Late(limit.Value) : Late(limit.Value, failures);
        }
    }

    /// <summary>Has one node load it, where none has.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken = default)
    {
        var entry = await EntryAsync(cancellationToken).ConfigureAwait(false);
        var route = entry.Route!;
        var wanted = version ?? route.Current;
        if (routes.Choice.Warm(entry.WarmAt(wanted), FrozenSet<Address>.Empty) is not null)
        {
            return;
        }

        // A node that did not hold it has loaded it when it is named.
        var placed = await routes.Table.PlaceAsync(Name, wanted, [], cancellationToken).ConfigureAwait(false);
        var replica = route.Replicas.FirstOrDefault(replica => replica.Node == placed.Node && replica.Version == placed.Version);
        if (replica is { Model: { } model, Version: { } held })
        {
            await routes.Clients.OpenAsync(placed.Node, new ModelName(Name, held), model, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Has every node free it that has it loaded.</summary>
    public async Task UnloadAsync(CancellationToken cancellationToken = default)
    {
        var route = (await EntryAsync(cancellationToken).ConfigureAwait(false)).Route!;
        var wanted = version ?? route.Current;
        foreach (var replica in route.Replicas.Where(replica => replica.Version == wanted))
        {
            if (replica.Model is null || wanted is null)
            {
                throw new InferenceException(InferenceFailure.InvalidInput, $"{Name} stays loaded: a program made it.");
            }

            if (replica.Node != routes.Self)
            {
                routes.Clients.Close(replica.Node, new ModelName(Name, wanted));
            }
            else if (await routes.EndpointAsync(replica.Node, Name, wanted, cancellationToken).ConfigureAwait(false)
                is ILoadableEndpoint own)
            {
                await own.UnloadAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task<ModelAnswer> CallAsync(
        string method,
        IReadOnlyList<NamedTensor> inputs,
        CallOptions options,
        TimeSpan? limit,
        Dictionary<Address, InferenceException> failures,
        CancellationToken cancellationToken,
        CancellationToken givenUp)
    {
        var from = routes.Clock.GetTimestamp();
        var tried = new HashSet<Address>();
        HashSet<Address>? lost = null;
        while (true)
        {
            routes.Table.ThrowIfClosed(Name);
            var entry = await EntryAsync(cancellationToken).ConfigureAwait(false);
            var route = entry.Route!;
            Address node;
            var wanted = version ?? Wanted(entry, route, tried);
            try
            {
                (node, wanted) = await ChooseAsync(entry, route, wanted, tried, failures, limit is not null, cancellationToken)
                    .ConfigureAwait(false);
            }
            catch (InferenceException e) when (
                e.Failure is InferenceFailure.ModelNotFound && version is null && route.Replicas.Any(replica => replica.Version == wanted))
            {
                // What was current was removed, or its pool has a newer version now: a route that says so is on its way.
                if (!await routes.IsToldAsync(entry.ChangeOf(route), cancellationToken).ConfigureAwait(false))
                {
                    throw;
                }

                tried.Clear();
                failures.Clear();
                continue;
            }
            catch (InferenceException e) when (limit is not null && e.Failure is InferenceFailure.Unreachable && IsNobodyReached(failures))
            {
                // There is time: those who have it may be reached again, or others take their place. Not those who were lost with the call:
                // they may have been lost by it.
                await routes.IsToldAsync(entry.ChangeOf(route), cancellationToken).ConfigureAwait(false);
                tried.IntersectWith(lost ?? []);
                continue;
            }

            // In whole milliseconds, for messages.
            var passed = TimeSpan.FromMilliseconds(Math.Floor(routes.Clock.GetElapsedTime(from).TotalMilliseconds));
            var left = limit is null ? options : options with { Deadline = limit - passed };
            using var counted = routes.Clients.Count(node);
            IModelEndpoint? endpoint = null;
            try
            {
                endpoint = await routes.EndpointAsync(node, Name, wanted, cancellationToken).ConfigureAwait(false);
                // The deadline is the endpoint's from here: cancelled by it, the call would count as given up by its caller.
                var answer = await endpoint.CallAsync(method, inputs, left, givenUp).ConfigureAwait(false);
                answer.Version ??= wanted;
                return answer;
            }
            catch (InferenceException e) when (MayGoElsewhere(e, options.IsIdempotent || NeverRan(e, endpoint)))
            {
                failures[node] = e;
                tried.Add(node);
                if (!NeverRan(e, endpoint))
                {
                    (lost ??= []).Add(node);
                }
            }
        }
    }

    /// <summary>A warm replica that was not tried, else the node that the entity chooses.</summary>
    private async Task<(Address Node, int? Version)> ChooseAsync(
        RouteEntry entry, ModelRoute route, int? wanted, HashSet<Address> tried, Dictionary<Address, InferenceException> failures,
        bool isTimed, CancellationToken cancellationToken)
    {
        if (routes.Choice.Warm(entry.WarmAt(wanted), tried) is { } warm)
        {
            return (warm.Node, wanted);
        }

        if (failures.Values.LastOrDefault() is { Failure: InferenceFailure.Overloaded } full)
        {
            // Every replica is: those who answer for it see that, and bring it to more nodes.
            throw Tried(failures, full);
        }

        try
        {
            using var givenUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var placing = routes.Table.PlaceAsync(Name, wanted, [.. tried], givenUp.Token);
            var cold = routes.Choice.Cold(route, wanted, tried);
            if ((cold is not null || (isTimed && IsNobodyReached(failures)))
                && !await routes.IsToldAsync(placing, cancellationToken).ConfigureAwait(false))
            {
                // Its entity may be lost, and take its time to start elsewhere: a holder loads the model as well without it. How the
                // placing fails is of no interest then.
                await givenUp.CancelAsync().ConfigureAwait(false);
                await ((Task)placing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return cold is not null ? (cold.Node, wanted) : throw failures.Values.Last();
            }

            var placed = await placing.ConfigureAwait(false);
            return (placed.Node, placed.Version);
        }
        catch (InferenceException e) when (
            e.Failure is InferenceFailure.Unreachable && routes.Choice.Cold(route, wanted, tried) is { } reached)
        {
            // Those who answer for it do not reach it, as this process does.
            return (reached.Node, wanted);
        }
        catch (InferenceException e) when (e.Failure is InferenceFailure.LoadFailed && HaveLostIt(entry.Route!, wanted, failures))
        {
            // Those who answer for it may not have heard that yet.
            throw new InferenceException(InferenceFailure.ModelNotFound, NotFound().Message, e);
        }
        catch (InferenceException e) when (failures.Count > 0)
        {
            // A model that is held nowhere any more could not be loaded where it was tried, either.
            var last = failures.Values.Last();
            var isLast = last.Failure is InferenceFailure.LoadFailed
                ? e.Failure is not InferenceFailure.ModelNotFound
                : IsNobodyReached(failures);
            throw Tried(failures, isLast ? last : e, $" {e.Message}");
        }
        catch (InferenceException e)
        {
            throw route.Problem is { } problem ? new InferenceException(InferenceFailure.LoadFailed, problem, e) : e;
        }
    }

    /// <summary>
    /// Whether nodes have said that they do not hold a version any more, and they are all that hold it by its route as it is now: it may
    /// have changed while the call was made.
    /// </summary>
    private static bool HaveLostIt(ModelRoute route, int? wanted, Dictionary<Address, InferenceException> failures)
    {
        var lost = failures.Where(
            failure => failure.Value.Failure is InferenceFailure.ModelNotFound or InferenceFailure.PoolNotFound)
            .Select(failure => failure.Key).ToHashSet();
        return lost.Count > 0
            && route.Replicas.Where(replica => replica.Version == wanted).All(replica => lost.Contains(replica.Node));
    }

    private static bool IsNobodyReached(Dictionary<Address, InferenceException> failures) =>
        failures.Count > 0 && failures.Values.All(failure => failure.Failure is InferenceFailure.Unreachable);

    /// <summary>
    /// The version of a call that names none. A share is not waited for that is not reached: the others can answer as well.
    /// </summary>
    private int? Wanted(RouteEntry entry, ModelRoute route, HashSet<Address> tried) =>
        route.Next is { } next && Random.Shared.Next(100) < route.Percent && routes.Choice.IsReached(entry.WarmAt(next), tried)
            ? next
            : route.Current;

    /// <summary>Whether a call ran nowhere, as its node was not reached or refused it.</summary>
    private static bool NeverRan(InferenceException e, IModelEndpoint? endpoint) => endpoint is null || e.NeverRan;

    private static bool MayGoElsewhere(InferenceException e, bool mayRunTwice) => e.Failure switch
    {
        // It ran nowhere.
        InferenceFailure.PoolNotFound or InferenceFailure.ModelNotFound or InferenceFailure.LoadFailed or InferenceFailure.Overloaded =>
            true,
        // It may have run, if it was sent.
        InferenceFailure.Unreachable or InferenceFailure.ShuttingDown or InferenceFailure.ActorCrashed => mayRunTwice,
        _ => false,
    };

    private IEnumerable<Replica> Replicas()
    {
        var route = Route;
        var wanted = version ?? route.Current;
        return route.Replicas.Where(replica => replica.Version == wanted);
    }

    /// <summary>What is known of the name now. One that was forgotten, as nobody used it for long, is followed again.</summary>
    private ModelRoute Route
    {
        get
        {
            _entry.Use();
            if (_entry.IsForgotten && !routes.Table.IsClosed && routes.Table.Follow(Name) is { Route: not null } anew)
            {
                _entry = anew;
            }

            return _entry.Route!;
        }
    }

    /// <summary>The entry to call by, whose route is kept current.</summary>
    private async ValueTask<RouteEntry> EntryAsync(CancellationToken cancellationToken)
    {
        var entry = _entry;
        entry.Use();
        if (!entry.IsForgotten)
        {
            return entry;
        }

        // What was known is better than nothing, until its entity tells what is so now.
        try
        {
            var coming = routes.Table.GetAsync(Name, cancellationToken).AsTask();
            if (!await routes.IsToldAsync(coming, cancellationToken).ConfigureAwait(false))
            {
                routes.Table.Suppose(entry.Route!);
            }

            return _entry = await coming.ConfigureAwait(false);
        }
        catch (InferenceException e) when (e.Failure is InferenceFailure.Unreachable)
        {
            return entry;
        }
    }

    private InferenceException NotFound() => new(
        InferenceFailure.ModelNotFound, $"No node of the cluster holds '{Name}{(version is null ? "" : $"@{version}")}'.");

    private InferenceException Late(TimeSpan limit) => new(
        InferenceFailure.DeadlineExceeded, $"A call to {Name} was not answered within its deadline of {Durations.Text(limit)}.");

    private InferenceException Late(TimeSpan limit, Dictionary<Address, InferenceException> failures) => new(
        InferenceFailure.DeadlineExceeded,
        $"{Late(limit).Message} {Tried(failures, failures.Values.Last()).Message}",
        failures.Values.Last());

    private InferenceException Tried(
        Dictionary<Address, InferenceException> failures, InferenceException last, string elsewhere = "") => new(
        last.Failure is InferenceFailure.PoolNotFound ? InferenceFailure.ModelNotFound : last.Failure,
        $"{Name} was tried on {(failures.Count == 1 ? "" : $"{failures.Count} nodes: ")}"
        + string.Join("; ", failures.Select(failed => At(failed.Key, failed.Value.Message.TrimEnd('.')))) + $".{elsewhere}",
        last);

    // What another node answered says so already.
    private static string At(Address node, string message) =>
        message.StartsWith($"{node}: ", StringComparison.Ordinal) ? message : $"{node}: {message}";
}
