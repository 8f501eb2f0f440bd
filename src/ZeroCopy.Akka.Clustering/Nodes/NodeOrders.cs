using System.Collections.Immutable;
using ZeroCopy.Actors.Endpoints;
using ZeroCopy.Clustering.Transfer;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Store.Receiving;

namespace ZeroCopy.Clustering.Nodes;

/// <summary>Carries out on this node what entities and clients want of it. Thread-safe.</summary>
/// <param name="store">The node's store.</param>
/// <param name="transfer">Receives models into it.</param>
/// <param name="endpoints">The node's own endpoints.</param>
/// <param name="eviction">Makes room where there is none.</param>
/// <param name="rates">Told how long it takes.</param>
internal sealed class NodeOrders(
    ObjectStore store, ModelTransfer transfer, IEndpointDirectory endpoints, Eviction eviction, NodeRates rates)
{
    private static readonly TimeSpan FreeTime = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FreePause = TimeSpan.FromMilliseconds(20);

    /// <summary>Has the store hold a model under a name; nothing moves where it does already.</summary>
    /// <exception cref="InferenceException">The name stands for another model here.</exception>
    public async Task<ReceivedModel> HoldAsync(
        ModelName name, ModelId model, ImmutableArray<Uri> sources, CancellationToken cancellationToken)
    {
        if (Find(name) is { } known)
        {
            return known.Id == model ? new ReceivedModel(known, 0) : throw new InferenceException(
                InferenceFailure.LoadFailed, $"{name} is another model here, {known.Id}, and stays it.");
        }

        if (Holds(model) is { } held)
        {
            store.SetName(name, model);
            return new ReceivedModel(held with { Name = name }, 0);
        }

        if (sources.IsEmpty)
        {
            throw new InferenceException(InferenceFailure.ModelNotFound, $"No node that holds {name} was named.");
        }

        try
        {
            return await ReceiveAsync(TimeSpan.Zero).ConfigureAwait(false);
        }
        catch (StoreFullException e) when (e.NeededBytes > 0)
        {
            if (!await eviction.MakeRoomAsync(e.NeededBytes, cancellationToken).ConfigureAwait(false))
            {
                throw;
            }
        }

        return await ReceiveAsync(null).ConfigureAwait(false);

        async Task<ReceivedModel> ReceiveAsync(TimeSpan? deadline)
        {
            var from = store.Options.TimeProvider.GetTimestamp();
            var options = new PutOptions { Name = name, Deadline = deadline };
            var received = await transfer.ReceiveAsync(model, sources, options, null, cancellationToken).ConfigureAwait(false);
            rates.Received(received.MovedBytes, store.Options.TimeProvider.GetElapsedTime(from));
            return received;
        }
    }

    /// <summary>Has a model loaded, and ends when it is.</summary>
    public async Task WarmAsync(ModelName name, ModelId model, CancellationToken cancellationToken)
    {
        if (await endpoints.FindAsync(name.Name, name.Version, cancellationToken).ConfigureAwait(false) is not IServedEndpoint endpoint
            || endpoint.Model?.Id != model)
        {
            throw new InferenceException(InferenceFailure.LoadFailed, $"{name} cannot be built here.");
        }

        if (endpoint is ILoadableEndpoint loadable)
        {
            var (isCold, from) = (endpoint.ReadyActors == 0, store.Options.TimeProvider.GetTimestamp());
            await loadable.LoadAsync(cancellationToken).ConfigureAwait(false);
            if (isCold)
            {
                rates.Loaded(endpoint.Model.Bytes, store.Options.TimeProvider.GetElapsedTime(from));
            }
        }
    }

    /// <summary>Ends the pool of a version when no call goes to it.</summary>
    public async Task CloseAsync(ModelName name)
    {
        // One that is declared stays.
        if (await endpoints.FindAsync(name.Name, name.Version).ConfigureAwait(false) is ILoadableEndpoint { } endpoint
            && endpoint is not NamedEndpoint)
        {
            await endpoint.UnloadAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Ends the pools of a name's versions, and waits until they have given their models back.</summary>
    /// <exception cref="InferenceException">One of them is declared, and stays.</exception>
    public async Task FreeAsync(ModelName name, CancellationToken cancellationToken)
    {
        var models = store.ListNames().Where(model => Means(name, model.Name!.Value)).Select(model => model.Id).ToHashSet();
        foreach (var endpoint in await endpoints.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            if (endpoint is IServedEndpoint { ReadyActors: > 0, Model.Name: { } held } and ILoadableEndpoint loadable && Means(name, held))
            {
                await loadable.UnloadAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        var from = store.Options.TimeProvider.GetTimestamp();
        while (store.ListLeases().Any(lease => models.Contains(lease.Model))
            && store.Options.TimeProvider.GetElapsedTime(from) < FreeTime)
        {
            await Task.Delay(FreePause, store.Options.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
    }

    private static bool Means(ModelName name, ModelName held) =>
        held.Name == name.Name && (name.Version is null || held.Version == name.Version);

    private ModelHandle? Find(ModelName name)
    {
        try
        {
            return store.Resolve(name);
        }
        catch (ModelNotFoundException)
        {
            return null;
        }
    }

    private ModelHandle? Holds(ModelId model)
    {
        try
        {
            return store.Resolve(model);
        }
        catch (ModelNotFoundException)
        {
            return null;
        }
    }
}
