using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;
using ZeroCopy.Clustering.Asking;
using ZeroCopy.Clustering.Catalog;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store;

namespace ZeroCopy.Clustering.Nodes;

/// <summary>Answers for the whole cluster by asking every node: for people and programs, not for calls. Thread-safe.</summary>
/// <param name="system">The node's actor system.</param>
/// <param name="table">What all nodes said of themselves.</param>
/// <param name="store">The node's store.</param>
internal sealed class ClusterSurvey(ActorSystem system, NodeTable table, ObjectStore store)
{
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(3);

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
        var models = Views(holdings).SelectMany(view => Models(view.Name, view.View));
        return new NodeReply.ClusterStatus([.. members], [.. models], id);
    }

    /// <summary>What each node has that answers in time, this one first.</summary>
    public Task<ImmutableArray<NodeReply.Holdings>> HoldingsAsync(CancellationToken cancellationToken) =>
        AskAllAsync<NodeReply.Holdings>(id => new NodeQuery.Holdings(id), cancellationToken);

    /// <summary>Where a model is.</summary>
    /// <exception cref="InferenceException">Nobody holds it.</exception>
    public async Task<NodeReply> LocateAsync(NodeQuery.Locate locate, CancellationToken cancellationToken)
    {
        var view = await ViewAsync(locate.Name.Name, cancellationToken).ConfigureAwait(false);
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
    /// <exception cref="InferenceException">The version is another model in the cluster.</exception>
    public async Task<ModelName> NameAsync(ModelName name, ModelId model, CancellationToken cancellationToken)
    {
        var view = await ViewAsync(name.Name, cancellationToken).ConfigureAwait(false);
        if (name.Version is { } version)
        {
            return view?.ModelOf(version) is { } other && other != model
                ? throw new InferenceException(
                    InferenceFailure.InvalidInput,
                    $"{name} is another model in this cluster, {other}: a version never changes its model. Push it without a version, or "
                    + "as another.")
                : name;
        }

        var known = view?.All().Where(at => at.Held.Version is not null).ToArray() ?? [];
        var same = known.Where(at => at.Held.Model == model && !at.IsOther).Select(at => at.Held.Version!.Value).ToArray();
        return new ModelName(
            name.Name, same.Length > 0 ? same.Max() : known.Select(at => at.Held.Version!.Value).DefaultIfEmpty().Max() + 1);
    }

    /// <summary>Takes a name from the node's store, or from every store.</summary>
    /// <exception cref="InferenceException">No store has the name.</exception>
    public async Task<NodeReply> RemoveAsync(NodeQuery.Remove remove, CancellationToken cancellationToken)
    {
        var removed = RemoveHere(remove.Name).ToHashSet();
        if (remove.Everywhere)
        {
            var replies = await AskAllAsync<NodeReply.Removed>(
                id => new NodeQuery.Remove(remove.Name, Everywhere: false, id), cancellationToken).ConfigureAwait(false);
            removed.UnionWith(replies.SelectMany(reply => reply.Names));
        }

        return removed.Count == 0 && remove.Everywhere
            ? throw new InferenceException(InferenceFailure.ModelNotFound, $"No node of the cluster holds {remove.Name}.")
            : new NodeReply.Removed([.. removed.OrderBy(name => name.Version)], remove.Id);
    }

    private ModelName[] RemoveHere(ModelName name)
    {
        var names = store.ListNames().Select(model => model.Name!.Value)
            .Where(held => held.Name == name.Name && (name.Version is null || held.Version == name.Version)).ToArray();
        foreach (var held in names)
        {
            store.Remove(held);
        }

        return names;
    }

    private async Task<ModelView?> ViewAsync(string name, CancellationToken cancellationToken) =>
        Views(await HoldingsAsync(cancellationToken).ConfigureAwait(false)).FirstOrDefault(view => view.Name == name).View;

    private static IEnumerable<(string Name, ModelView View)> Views(ImmutableArray<NodeReply.Holdings> holdings)
    {
        foreach (var named in holdings.SelectMany(node => node.Models).GroupBy(report => report.Name, StringComparer.Ordinal)
            .OrderBy(named => named.Key, StringComparer.Ordinal))
        {
            var view = new ModelView(named.Key);
            foreach (var report in named.OrderBy(report => report.Node))
            {
                view.Set(report);
            }

            view.Update();

            yield return (named.Key, view);
        }
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
                : same.Select(at => at.Held.LastError).FirstOrDefault(error => error is not null));

    /// <summary>The answers of the nodes that answer in time, this one's first.</summary>
    private async Task<ImmutableArray<TReply>> AskAllAsync<TReply>(Func<long, NodeQuery> query, CancellationToken cancellationToken)
        where TReply : NodeReply
    {
        var state = _cluster.State;
        var nodes = state.Members
            .Where(member => member.HasRole(ZeroCopyCluster.InferenceRole) && !state.Unreachable.Contains(member))
            .OrderBy(member => member.Address != _cluster.SelfAddress).Select(member => member.Address);
        var answers = await Task.WhenAll(nodes.Select(AskAsync)).ConfigureAwait(false);
        return [.. answers.OfType<TReply>()];

        async Task<NodeReply?> AskAsync(Address node)
        {
            try
            {
                return await NodeAnswer.AskAsync(system, NodePath.At(system, node), query(0), AnswerTime, cancellationToken)
                    .ConfigureAwait(false) as NodeReply;
            }
            catch (TimeoutException)
            {
                // It is not there any more, or too busy to be asked.
                return null;
            }
        }
    }
}
