using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;
using ZeroCopy.Clocks;
using ZeroCopy.Clustering.Asking;
using ZeroCopy.Clustering.Catalog;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Clustering.Routes;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;

namespace ZeroCopy.Clustering.Nodes;

/// <summary>Answers for the whole cluster by asking every node: for people and programs, not for calls. Thread-safe.</summary>
/// <param name="system">The node's actor system.</param>
/// <param name="table">What all nodes said of themselves.</param>
/// <param name="routes">Which of two models that are called alike gets the calls.</param>
/// <param name="limit">How long all nodes together may take, where each of them has to answer; null for the default.</param>
internal sealed class ClusterSurvey(
    ActorSystem system, NodeTable table, RouteTable routes, TimeSpan? limit = null)
{
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(1);

    // A node waits up to ten seconds for calls of a model that is removed to end, and those who ask wait for half a minute.
    private readonly TimeSpan _limit = limit ?? TimeSpan.FromSeconds(18);

    // Who pushes waits for as long as it takes. A node that is lost is no member any more after less.
    private readonly TimeSpan _namingLimit = limit ?? TimeSpan.FromMinutes(1);

    private const int RemovalRounds = 3;

    private readonly Cluster _cluster = Cluster.Get(system);

    /// <summary>Members and models.</summary>
    public async Task<NodeReply> StatusAsync(long id, CancellationToken cancellationToken)
    {
        var (state, holdings) = (_cluster.State, await HoldingsAsync(cancellationToken).ConfigureAwait(false));
        var members = state.Members.Select(member => new MemberInfo(
            member.Address,
            state.Unreachable.Contains(member) ? "Unreachable" : member.Status.ToString(),
            [.. member.Roles.Order(StringComparer.Ordinal)],
            holdings.FirstOrDefault(node => node.Node.Info.Address == member.Address)?.Node ?? table.Find(member.Address)));
        var views = await Task.WhenAll(Named(holdings).Select(named => ViewAsync(named, mustKnow: false, cancellationToken)))
            .ConfigureAwait(false);
        var models = views.SelectMany(view => Models(view.Name, view.View));
        return new NodeReply.ClusterStatus([.. members], [.. models], id);
    }

    /// <summary>What each node has that answers in time, this one first.</summary>
    public async Task<ImmutableArray<NodeReply.Holdings>> HoldingsAsync(CancellationToken cancellationToken)
    {
        var answers = await AskAllAsync(new NodeQuery.Holdings(0), AnswerTime, cancellationToken).ConfigureAwait(false);
        return [.. answers.Select(answer => answer.Reply).OfType<NodeReply.Holdings>()];
    }

    /// <summary>Where a model is.</summary>
    /// <exception cref="InferenceException">
    /// Nobody holds it, or a node that may does not answer, or which of two models it is cannot be found out now.
    /// </exception>
    public async Task<NodeReply> LocateAsync(NodeQuery.Locate locate, CancellationToken cancellationToken)
    {
        var view = await ViewAsync(
            locate.Name.Name,
            _limit,
            async () => locate.Name.Version ?? await CurrentAsync(locate.Name.Name, cancellationToken).ConfigureAwait(false),
            cancellationToken).ConfigureAwait(false);
        var version = locate.Name.Version ?? view?.Current;
        var held = view is null || version is null ? [] : view.At(version).Where(at => at.Held.Model is not null).ToArray();
        if (held.Length == 0)
        {
            throw new InferenceException(InferenceFailure.ModelNotFound, $"No node of the cluster holds {locate.Name}.");
        }

        var nodes = held.Select(at => table.Find(at.Node)?.Info).OfType<NodeInfo>().ToArray();
        return new NodeReply.Located(
            new ModelHandle(held[0].Held.Model!.Value, held[0].Held.Bytes, new ModelName(locate.Name.Name, version)),
            [.. nodes.Select(node => node.Transfer).Distinct()],
            [.. nodes.Select(node => node.Store).Distinct()],
            locate.Id);
    }

    /// <summary>The name that a model from outside gets: without a version the cluster's next, or the one that it has already.</summary>
    /// <param name="name">What it is to be called by.</param>
    /// <param name="model">The model.</param>
    /// <param name="taken">Versions up to this one are other models' in any case; 0 for none.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="InferenceException">
    /// The version is another model in the cluster; or a node does not answer, which may hold versions that nobody else knows; or which of
    /// two models it is cannot be found out now.
    /// </exception>
    public async Task<ModelName> NameAsync(ModelName name, ModelId model, int taken, CancellationToken cancellationToken)
    {
        var view = await ViewAsync(name.Name, _namingLimit, () => Task.FromResult<int?>(null), cancellationToken).ConfigureAwait(false);
        if (name.Version is { } version)
        {
            return view?.ModelOf(version) is { } other && other != model
                ? throw new InferenceException(
                    InferenceFailure.InvalidInput,
                    $"{name} is another model in this cluster, {other}: a version never changes its model. Push it without a version, or "
                    + "as another.")
                : name;
        }

        var known = view?.All().Where(at => at.Held.Version > taken).ToArray() ?? [];
        var same = known.Where(at => at.Held.Model == model && !at.IsOther).Select(at => at.Held.Version!.Value).ToArray();
        return same.Length > 0
            ? new ModelName(name.Name, same.Max())
            : ModelName.After(name.Name, known.Select(at => at.Held.Version!.Value).DefaultIfEmpty(taken).Max());
    }

    /// <summary>Takes a name from every store, whichever models it stands for there.</summary>
    /// <exception cref="InferenceException">
    /// No store has the name; or a node has not removed it, or not said so: the message names it, and what was removed where.
    /// </exception>
    public async Task<NodeReply> RemoveAsync(NodeQuery.Remove remove, CancellationToken cancellationToken)
    {
        var removed = new SortedDictionary<Address, HashSet<ModelName>>();
        // Until nothing is found: a node may have received it while others removed it. One that failed has tried for as long as it may.
        var failures = new List<(Address Node, InferenceFailure Failure, string Message)>();
        var from = TimeProvider.System.GetTimestamp();
        var isOver = false;
        for (var round = 0; round < RemovalRounds && !isOver; round++)
        {
            var left = _limit - TimeProvider.System.GetElapsedTime(from);
            if (left <= TimeSpan.Zero)
            {
                break;
            }

            isOver = true;
            // Also of this node's store where it holds no models for others.
            var asked = Reachable().Append(_cluster.SelfAddress).Distinct().Except(failures.Select(failed => failed.Node));
            foreach (var (node, reply) in await AskAsync(asked, remove with { Everywhere = false }, left, cancellationToken)
                .ConfigureAwait(false))
            {
                switch (reply)
                {
                    case NodeReply.Removed { Names.IsEmpty: false } found:
                        Add(node, found.Names);
                        isOver = false;
                        break;
                    case NodeReply.Failed failed:
                        failures.Add((node, failed.Failure, $"{node}: {failed.Message}"));
                        break;
                    case null:
                        failures.Add((node, InferenceFailure.Unreachable, $"{node} did not answer in time"));
                        break;
                }
            }
        }

        failures.AddRange(Nodes(_cluster.State.Unreachable)
            .Select(node => (node, InferenceFailure.Unreachable, $"{node} is unreachable")));
        if (failures.Count > 0)
        {
            var done = removed.Count == 0 ? ""
                : $" Removed {string.Join("; ", removed.Select(at => $"{string.Join(", ", at.Value.Order(ByVersion))} from {at.Key}"))}.";
            throw new InferenceException(
                failures[0].Failure,
                $"Not every node has removed {remove.Name}: {string.Join("; ", failures.Select(failure => failure.Message.TrimEnd('.')))}."
                + done);
        }

        return removed.Count == 0
            ? throw new InferenceException(InferenceFailure.ModelNotFound, $"No node of the cluster holds {remove.Name}.")
            : new NodeReply.Removed([.. removed.Values.SelectMany(names => names).Distinct().Order(ByVersion)], remove.Id);

        void Add(Address node, ImmutableArray<ModelName> names)
        {
            if (!names.IsEmpty)
            {
                removed.TryAdd(node, []);
                removed[node].UnionWith(names);
            }
        }
    }

    private static readonly Comparer<ModelName> ByVersion =
        Comparer<ModelName>.Create((one, other) => Nullable.Compare(one.Version, other.Version));

    /// <summary>
    /// What all nodes have of a name, which are asked until each has answered or is no member any more; null for nothing.
    /// </summary>
    /// <param name="name">The name.</param>
    /// <param name="limit">How long they may take.</param>
    /// <param name="enough">The version that ends it as soon as a node has it; null where all have to be heard.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="InferenceException">A node has not answered in time: it is not taken for one that has nothing.</exception>
    private async Task<ModelView?> ViewAsync(
        string name, TimeSpan limit, Func<Task<int?>> enough, CancellationToken cancellationToken)
    {
        var from = TimeProvider.System.GetTimestamp();
        var heard = new Dictionary<Address, NodeReply.Holdings>();
        while (true)
        {
            var asked = Reachable().Append(_cluster.SelfAddress).Distinct().Except(heard.Keys);
            foreach (var (node, reply) in await AskAsync(asked, new NodeQuery.Holdings(0), AnswerTime, cancellationToken)
                .ConfigureAwait(false))
            {
                if (reply is NodeReply.Holdings holdings)
                {
                    heard[node] = holdings;
                }
            }

            var silent = Nodes(_cluster.State.Members).Except(heard.Keys).ToArray();
            if (silent.Length == 0 || (await enough().ConfigureAwait(false) is { } version && Named(heard.Values).Any(
                named => named.Key == name
                    && named.SelectMany(report => report.Versions).Any(at => at.Version == version && at.Model is not null))))
            {
                break;
            }

            if (TimeProvider.System.GetElapsedTime(from) >= limit)
            {
                throw new InferenceException(
                    InferenceFailure.Unreachable,
                    $"What {string.Join(", ", silent.Order())} has of {name} was not answered within {Durations.Text(limit)}, and the "
                    + "versions of the others are not all that the cluster may have. Try again when it answers, or is no member any more.");
            }

            await Task.Delay(AskAgain, cancellationToken).ConfigureAwait(false);
        }

        return Named(heard.Values).FirstOrDefault(named => named.Key == name) is { } named
            ? (await ViewAsync(named, mustKnow: true, cancellationToken).ConfigureAwait(false)).View
            : null;
    }

    /// <summary>The version that calls get, by the entity of the name; null for none, or where that is not said now.</summary>
    private async Task<int?> CurrentAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            var entry = await routes.GetAsync(name, cancellationToken).AsTask().WaitAsync(AnswerTime, cancellationToken)
                .ConfigureAwait(false);
            return entry.Route!.Current;
        }
        catch (Exception e) when (e is TimeoutException or InferenceException)
        {
            return null;
        }
    }

    private static IOrderedEnumerable<IGrouping<string, ModelReport>> Named(IEnumerable<NodeReply.Holdings> holdings) =>
        holdings.SelectMany(node => node.Models).GroupBy(report => report.Name, StringComparer.Ordinal)
            .OrderBy(named => named.Key, StringComparer.Ordinal);

    /// <summary>What is known of a name, with the models that calls from here get.</summary>
    /// <param name="named">What the nodes have of it.</param>
    /// <param name="mustKnow">
    /// Whether it fails where a version is of several models and its entity is not reached; else that finds what the next entity will.
    /// </param>
    /// <param name="cancellationToken">Gives it up.</param>
    private async Task<(string Name, ModelView View)> ViewAsync(
        IGrouping<string, ModelReport> named, bool mustKnow, CancellationToken cancellationToken)
    {
        var view = new ModelView(named.Key);
        foreach (var report in named)
        {
            view.Set(report);
        }

        var held = named.SelectMany(report => report.Versions).Where(at => at is { Version: not null, Model: not null }).ToArray();
        var isContested = held.DistinctBy(at => (at.Version, at.Model)).Count() > held.DistinctBy(at => at.Version).Count();
        if (isContested || held.Where(at => at.ReadyActors > 0).DistinctBy(at => at.Version).Count() > 1)
        {
            // Which of several versions that are loaded calls get, and of several models of one version, depends on what happened before,
            // which only the entity knows.
            try
            {
                var entry = await routes.GetAsync(named.Key, cancellationToken).AsTask().WaitAsync(AnswerTime, cancellationToken)
                    .ConfigureAwait(false);
                view.Keep(entry.Route!);
            }
            catch (TimeoutException) when (mustKnow && isContested)
            {
                throw new InferenceException(
                    InferenceFailure.Unreachable,
                    $"Nodes hold different models as {named.Key}, and which of them is served was not answered within "
                    + $"{Durations.Text(AnswerTime)}.");
            }
            catch (Exception e) when (!(mustKnow && isContested) && e is TimeoutException or InferenceException)
            {
                // As far as it can be known.
            }
        }

        view.Update();
        return (named.Key, view);
    }

    private static IEnumerable<ModelStatus> Models(string name, ModelView view) =>
        from at in view.All()
        group at by (at.Held.Version, at.Held.Model, at.IsOther) into same
        orderby same.Key.Version
        let held = same.First().Held
        select new ModelStatus(
            name,
            same.Key.Version,
            same.Key.Model,
            same.Key.Version == view.Current && !same.Key.IsOther,
            held.Bytes,
            [.. same.Select(at => at.Node)],
            [.. same.Where(at => at.Held.ReadyActors > 0).Select(at => at.Node)],
            same.Key.IsOther ? $"{name}@{same.Key.Version} is another model elsewhere: this one is served by its id only."
                : same.Select(at => at.Held.LastError).FirstOrDefault(error => error is not null),
            same.Key.IsOther ? 0 : view.ShareOf(same.Key.Version));

    private static IEnumerable<Address> Nodes(IEnumerable<Member> members) =>
        members.Where(member => member.HasRole(Actors.Settings.ClusterSettings.InferenceRole)).Select(member => member.Address);

    private IEnumerable<Address> Reachable() => Nodes(_cluster.State.Members.Except(_cluster.State.Unreachable));

    /// <summary>
    /// The answers of the nodes that hold models and can be reached, this one's first; null of those that do not answer in time.
    /// </summary>
    private Task<(Address Node, NodeReply? Reply)[]> AskAllAsync(NodeQuery query, TimeSpan limit, CancellationToken cancellationToken) =>
        AskAsync(Reachable().OrderBy(node => node != _cluster.SelfAddress), query, limit, cancellationToken);

    private Task<(Address Node, NodeReply? Reply)[]> AskAsync(
        IEnumerable<Address> nodes, NodeQuery query, TimeSpan limit, CancellationToken cancellationToken)
    {
        return Task.WhenAll(nodes.Select(AskOneAsync));

        async Task<(Address Node, NodeReply? Reply)> AskOneAsync(Address node)
        {
            try
            {
                return (node, await NodeAnswer.AskAsync(system, NodePath.At(system, node), query, limit, cancellationToken)
                    .ConfigureAwait(false) as NodeReply);
            }
            catch (TimeoutException)
            {
                // It is not there any more, or too busy to be asked.
                return (node, null);
            }
        }
    }
}
