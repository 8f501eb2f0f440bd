using Akka.Actor;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;

namespace ZeroCopy.Clustering.Routes;

/// <summary>What the endpoints of a cluster call with. Thread-safe.</summary>
internal sealed class RouteContext
{
    private static readonly TimeSpan EntityTime = TimeSpan.FromSeconds(1);

    /// <summary>This node; null where this process is none.</summary>
    public required Address? Self { get; init; }

    /// <summary>This node's own endpoints; null where this process is none.</summary>
    public required IEndpointDirectory? Own { get; init; }

    /// <summary>Whether the models of this node's store are announced to all.</summary>
    public bool IsServing { get; init; }

    /// <summary>The routes.</summary>
    public required RouteTable Table { get; init; }

    /// <summary>Connections to nodes.</summary>
    public required NodeClients Clients { get; init; }

    /// <summary>Chooses replicas.</summary>
    public required ReplicaChoice Choice { get; init; }

    /// <summary>The clock of deadlines.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>
    /// Whether that which an entity is to say has come within the time that one has for it: it may be lost, and take its time to start
    /// elsewhere.
    /// </summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<bool> IsToldAsync(Task telling, CancellationToken cancellationToken)
    {
        try
        {
            await telling.WaitAsync(EntityTime, Clock, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>A node's endpoint: this process's own without a hop.</summary>
    /// <exception cref="InferenceException">The node does not answer, or does not have it.</exception>
    public async ValueTask<IModelEndpoint> EndpointAsync(Address node, string name, int? version, CancellationToken cancellationToken)
    {
        if (node != Self || Own is null)
        {
            return await Clients.EndpointAsync(node, name, version, cancellationToken).ConfigureAwait(false);
        }

        return await Own.FindAsync(name, version, cancellationToken).ConfigureAwait(false) ?? throw new InferenceException(
            InferenceFailure.ModelNotFound, $"This node has no '{name}{(version is null ? "" : $"@{version}")}' any more.");
    }
}
