using System.Collections.Immutable;
using ZeroCopy.Actors.Endpoints;
using ZeroCopy.Clustering.Protocol;
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
/// <param name="withdrawals">Names that are about to be removed.</param>
internal sealed class NodeOrders(
    ObjectStore store, ModelTransfer transfer, IEndpointDirectory endpoints, Eviction eviction, NodeRates rates, Withdrawals withdrawals)
{
    private static readonly TimeSpan RemovalTime = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RemovalPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(500);

    private readonly Lock _lock = new();
    private readonly List<ComingModel> _coming = [];
    private readonly CancellationTokenSource _leaving = new();

    /// <summary>Has the store hold a model under a name, and loads it where that is wanted; ends when all is done.</summary>
    /// <inheritdoc cref="HoldAsync" path="/exception"/>
    public async Task<ReceivedModel> OpenAsync(NodeOrder.Open order, CancellationToken cancellationToken)
    {
        // The store need not have the name of a declared pool, only that of the pool's model.
        var declared = order is { Warm: true, Sources.IsEmpty: true }
            ? await FindDeclaredAsync(order.Name, order.Model, cancellationToken).ConfigureAwait(false)
            : null;
        var received = declared is null
            ? await HoldAsync(order.Name, order.Model, order.Sources, cancellationToken).ConfigureAwait(false)
            : new ReceivedModel(declared with { Name = order.Name }, 0);
        if (order.Warm)
        {
            await WarmAsync(order.Name, order.Model, cancellationToken).ConfigureAwait(false);
        }

        return received;
    }

    /// <summary>Has the store hold a model under a name; nothing moves where it does already.</summary>
    /// <exception cref="InferenceException">
    /// The name stands for another model here, or one is on its way under it; or it is removed now, or was while the model came; or no
    /// sources are named and the store does not have the name, whether it has the model or not; or the node leaves.
    /// </exception>
    public async Task<ReceivedModel> HoldAsync(
        ModelName name, ModelId model, ImmutableArray<Uri> sources, CancellationToken cancellationToken)
    {
        var coming = new ComingModel(name, model);
        lock (_lock)
        {
            // Else the one that came last would take the name from the other.
            if (IsOtherComing(name, model))
            {
                throw new InferenceException(InferenceFailure.LoadFailed, $"Another model is on its way to this node as {name}.");
            }

            _coming.Add(coming);
        }

        try
        {
            withdrawals.ThrowIfHidden(name);
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(coming.Removed, _leaving.Token, cancellationToken);
            return await BringAsync(name, model, sources, ended.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (_leaving.IsCancellationRequested)
        {
            throw new InferenceException(InferenceFailure.ShuttingDown, $"This node leaves its cluster, and does not take {name}.", e);
        }
        catch (OperationCanceledException e) when (coming.Removed.IsCancellationRequested)
        {
            throw new InferenceException(InferenceFailure.ModelNotFound, $"{name} was removed while this node received it.", e);
        }
        finally
        {
            lock (_lock)
            {
                _coming.Remove(coming);
            }

            coming.End();
        }
    }

    /// <summary>
    /// The node leaves: it takes no more models, which it could not hand over any more. Ends when those that were on their way have come,
    /// or will not.
    /// </summary>
    public async Task LeaveAsync()
    {
        await _leaving.CancelAsync().ConfigureAwait(false);
        ComingModel[] coming;
        lock (_lock)
        {
            coming = [.. _coming];
        }

        await Task.WhenAll(coming.Select(one => one.Ended)).ConfigureAwait(false);
    }

    private async Task<ReceivedModel> BringAsync(
        ModelName name, ModelId model, ImmutableArray<Uri> sources, CancellationToken cancellationToken)
    {
        if (Find(name) is { } known)
        {
            if (known.Id != model)
            {
                throw new InferenceException(InferenceFailure.LoadFailed, $"{name} is another model here, {known.Id}, and stays it.");
            }

            Use(model);
            return new ReceivedModel(known, 0);
        }

        if (sources.IsEmpty)
        {
            // Whoever names no source takes the node for one that holds the name, and does not bring it back where it was removed.
            throw new InferenceException(
                InferenceFailure.ModelNotFound, $"This node does not hold {name}, and no node that does was named.");
        }

        if (Holds(model) is { } held)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Use(model);
            store.SetName(name, model);
            return new ReceivedModel(held with { Name = name }, 0);
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

    /// <summary>The model, where a declared pool serves it by a name; else null.</summary>
    private async Task<ModelHandle?> FindDeclaredAsync(ModelName name, ModelId model, CancellationToken cancellationToken) =>
        await endpoints.FindAsync(name.Name, name.Version, cancellationToken).ConfigureAwait(false) is NamedEndpoint { Model: { } served }
        && served.Id == model ? served : null;

    /// <summary>Has a model loaded, and ends when it is.</summary>
    private async Task WarmAsync(ModelName name, ModelId model, CancellationToken cancellationToken)
    {
        if (await endpoints.FindAsync(name.Name, name.Version, cancellationToken).ConfigureAwait(false) is not IServedEndpoint endpoint
            || endpoint.Model?.Id != model)
        {
            withdrawals.ThrowIfHidden(name);
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

    /// <summary>
    /// Takes a name from the store: nobody is sent here for it any more, further calls are refused, and it goes when those under way have
    /// ended.
    /// </summary>
    /// <param name="name">Name, and version; without one every version.</param>
    /// <param name="tell">Has the cluster know what the node has of it.</param>
    /// <param name="cancellationToken">Gives it up; what was removed stays so.</param>
    /// <returns>What was removed, which may be nothing.</returns>
    /// <exception cref="InferenceException">
    /// A declared pool serves it, or something has used it for ten seconds: what is left is served again, and the message says what was
    /// removed.
    /// </exception>
    public async Task<ImmutableArray<ModelName>> RemoveAsync(
        ModelName name, Func<CancellationToken, Task> tell, CancellationToken cancellationToken)
    {
        foreach (var endpoint in await endpoints.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            if (endpoint is NamedEndpoint declared && declared.IsDeclaredFor(name.Covers))
            {
                // Says what declares it.
                await declared.UnloadAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        var from = store.Options.TimeProvider.GetTimestamp();
        try
        {
            using var withdrawal = withdrawals.Hide(name);
            ComingModel[] coming;
            lock (_lock)
            {
                coming = [.. _coming.Where(one => name.Covers(one.Name))];
            }

            await Task.WhenAll(coming.Select(one => one.RemoveAsync())).WaitAsync(cancellationToken).ConfigureAwait(false);
            await tell(cancellationToken).ConfigureAwait(false);
            withdrawal.Refuse();
            return await RemoveUnusedAsync(name, from, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            // Before anybody hears of the failure.
            await tell(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
    }

    /// <summary>Takes a name's versions from the store, each as soon as nothing uses it.</summary>
    private async Task<ImmutableArray<ModelName>> RemoveUnusedAsync(ModelName name, long from, CancellationToken cancellationToken)
    {
        var removed = new List<ModelName>();
        var left = store.ListNames().Where(model => name.Covers(model.Name!.Value)).ToList();
        for (var pause = RemovalPause; ; pause = pause < LongestPause ? 2 * pause : pause)
        {
            ModelInUseException? inUse = null;
            foreach (var model in left.ToArray())
            {
                try
                {
                    store.Remove(model.Name!.Value);
                    removed.Add(model.Name.Value);
                    left.Remove(model);
                }
                catch (ModelNotFoundException)
                {
                    // Another process of the store has removed it.
                    left.Remove(model);
                }
                catch (ModelInUseException e)
                {
                    inUse = e;
                }
            }

            if (inUse is null)
            {
                return [.. removed];
            }

            if (store.Options.TimeProvider.GetElapsedTime(from) >= RemovalTime)
            {
                throw new InferenceException(
                    InferenceFailure.LoadFailed,
                    removed.Count == 0 ? inUse.Message : $"{inUse.Message} Removed {string.Join(", ", removed)}.",
                    inUse);
            }

            await Task.Delay(pause, store.Options.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Whether the store has a model under a name.</summary>
    public bool Has(ModelName name, ModelId model) => Find(name)?.Id == model;

    /// <summary>Whether a name stands for another model here, or is about to.</summary>
    public bool IsOther(ModelName name, ModelId model)
    {
        lock (_lock)
        {
            if (IsOtherComing(name, model))
            {
                return true;
            }
        }

        return Find(name) is { } known && known.Id != model;
    }

    /// <summary>Whoever ordered it relies on it: it does not go in the next minute, see <see cref="Eviction"/>.</summary>
    private void Use(ModelId model) => store.Acquire(model, "the cluster").Dispose();

    private bool IsOtherComing(ModelName name, ModelId model) => _coming.Exists(one => one.Name == name && one.Model != model);

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
