using System.Collections.Immutable;
using Akka.Actor;
using ZeroCopy.Actors.Endpoints;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store;

namespace ZeroCopy.Clustering.Nodes;

/// <summary>What a node has: the endpoints that others may call, and the models of its store that it cannot build. Thread-safe.</summary>
/// <param name="node">The node.</param>
/// <param name="endpoints">Its own endpoints.</param>
/// <param name="store">Its store.</param>
/// <param name="withdrawals">Names that it lists no longer, though its store has them yet.</param>
internal sealed class LocalModels(Address node, IEndpointDirectory endpoints, ObjectStore store, Withdrawals withdrawals)
{
    private volatile Dictionary<(string Name, int? Version), IServedEndpoint> _served = [];

    /// <summary>Names that the store may hold yet and the node lists no longer: they are being removed, which may fail.</summary>
    public ImmutableHashSet<string> HiddenNames() => withdrawals.IsEmpty ? []
        : [.. store.ListNames().Select(model => model.Name!.Value).Where(withdrawals.Hides).Select(name => name.Name)];

    /// <summary>A node's account of a name, with the calls that its versions have now.</summary>
    public ModelReport NowOf(ModelReport model)
    {
        var versions = model.Versions.Select(held =>
            _served.TryGetValue((model.Name, held.Version), out var served) ? held with { Pending = served.Pending } : held);
        return model with { Versions = [.. versions] };
    }

    /// <summary>The node's account of each name, as it is now.</summary>
    public async Task<ImmutableSortedDictionary<string, ModelReport>> ListAsync(CancellationToken cancellationToken)
    {
        var stored = Stored();
        var found = new List<(string Name, HeldVersion Held)>();
        var running = new Dictionary<(string Name, int? Version), IServedEndpoint>();
        foreach (var endpoint in await endpoints.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            if (endpoint is not IServedEndpoint served)
            {
                continue;
            }

            var model = served.Model;
            if (served.ReadyActors > 0)
            {
                running[(served.Name, served.Version)] = served;
            }

            found.Add((served.Name, new HeldVersion(
                served.Version, model?.Id, model?.Bytes ?? 0, model is null ? null : TypeOf(model.Id), CanBuild: true, served.State,
                served.ReadyActors, served.Pending, served.LastError)));
            if (model is not null && served.Version is { } version && ModelName.TryParse(served.Name, out var name))
            {
                stored.Remove(new ModelName(name.Name, version));
            }
        }

        // What went, or was withdrawn, while the endpoints were listed has none, and could be built all the same.
        var still = stored.Count == 0 ? stored : Stored();
        foreach (var (name, model) in stored.Where(left => still.ContainsKey(left.Key)))
        {
            found.Add((name.Name, new HeldVersion(
                name.Version, model.Id, model.Bytes, TypeOf(model.Id), CanBuild: false, EndpointState.Failed, 0, 0,
                "The node cannot build it.")));
        }

        _served = running;
        return found.GroupBy(model => model.Name, StringComparer.Ordinal).ToImmutableSortedDictionary(
            group => group.Key,
            // Once each: a pool that takes a version over while it is listed has it beside the version's own endpoint.
            group => new ModelReport(
                group.Key,
                node,
                [.. group.Select(model => model.Held).DistinctBy(held => held.Version).OrderBy(held => held.Version)],
                null),
            StringComparer.Ordinal);
    }

    private Dictionary<ModelName, ModelHandle> Stored() =>
        store.ListNames().Where(model => !withdrawals.Hides(model.Name!.Value)).ToDictionary(model => model.Name!.Value);

    /// <summary>See <see cref="HeldVersion.ModelType"/>.</summary>
    private string? TypeOf(ModelId model)
    {
        try
        {
            return store.ReadManifest(model).Recipe switch
            {
                Recipe.Script => null,
                Recipe.Catalog catalog => catalog.Key,
                _ => HeldVersion.NoModelType,
            };
        }
        catch (ZeroCopyException)
        {
            // Removed since it was listed.
            return HeldVersion.NoModelType;
        }
    }
}
