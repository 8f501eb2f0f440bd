using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store.Receiving;

namespace ZeroCopy.Clustering.Nodes;

/// <summary>
/// Takes models from outside, each under a version that the cluster has for no other. Of several nodes that take different models as the
/// same version at the same time, the one whose word the entity of the name heard first keeps it. Thread-safe.
/// </summary>
/// <param name="survey">Knows which versions there are.</param>
/// <param name="orders">Brings a model into the node's store.</param>
/// <param name="announce">
/// Waits until the entity of a name has heard what the node has of it, and returns how it is called then; null where it did not say.
/// </param>
internal sealed class PushedModels(
    ClusterSurvey survey, NodeOrders orders, Func<string, CancellationToken, Task<ModelRoute?>> announce)
{
    private const int TimesToAsk = 5;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Receives a model; ends when the cluster can call it by the name that is returned.</summary>
    /// <exception cref="InferenceException">
    /// The version is another model, or it is not known whether it is; or the model cannot be received.
    /// </exception>
    public async Task<NodeReply.Opened> ReceiveAsync(NodeQuery.Receive receive, CancellationToken cancellationToken)
    {
        var (taken, moved) = (0, 0L);
        ModelName? lost = null;
        while (true)
        {
            var name = await survey.NameAsync(receive.Name, receive.Model, taken, cancellationToken).ConfigureAwait(false);
            var isHeld = orders.Has(name, receive.Model);
            if (await HoldAsync(name).ConfigureAwait(false) is { } received)
            {
                moved += received.MovedBytes;
                if (lost is { } before)
                {
                    // Not before it has another name: what no name stands for may go.
                    await RemoveAsync(before).ConfigureAwait(false);
                    lost = null;
                }

                if (await AnnounceAsync(name.Name).ConfigureAwait(false) is not { } route)
                {
                    if (!isHeld)
                    {
                        await RemoveAsync(name).ConfigureAwait(false);
                    }

                    throw new InferenceException(
                        InferenceFailure.Unreachable,
                        $"The node that answers for {name.Name} in this cluster was asked {TimesToAsk} times whether {name} is another "
                        + "model, and did not answer. Push it again.");
                }

                if (!IsOther(route, name, receive.Model))
                {
                    return new NodeReply.Opened(received.Model with { Name = name }, moved, receive.Id);
                }

                lost = name;
            }

            if (receive.Name.Version is not null)
            {
                await RemoveAsync(name).ConfigureAwait(false);
                throw new InferenceException(
                    InferenceFailure.InvalidInput,
                    $"{name} became another model in this cluster meanwhile: a version never changes its model. Push it without a version, "
                    + "or as another.");
            }

            taken = name.Version!.Value;
        }

        async Task<ReceivedModel?> HoldAsync(ModelName name)
        {
            try
            {
                return await orders.HoldAsync(name, receive.Model, receive.Sources, cancellationToken).ConfigureAwait(false);
            }
            catch (InferenceException) when (receive.Name.Version is null && orders.IsOther(name, receive.Model))
            {
                // Another push to this node got the version.
                return null;
            }
        }

        async Task<ModelRoute?> AnnounceAsync(string name)
        {
            var route = await announce(name, cancellationToken).ConfigureAwait(false);
            for (var times = 1; route is null && times < TimesToAsk; times++)
            {
                // An entity that starts or moves takes its time, as a node does that has just become a member.
                await Task.Delay(Pause, cancellationToken).ConfigureAwait(false);
                route = await announce(name, cancellationToken).ConfigureAwait(false);
            }

            return route;
        }

        Task RemoveAsync(ModelName name) => orders.RemoveAsync(name, token => announce(name.Name, token), cancellationToken);
    }

    private static bool IsOther(ModelRoute route, ModelName name, ModelId model) =>
        route.Replicas.Any(replica => replica.Version == name.Version && replica.Model is { } served && served != model);
}
