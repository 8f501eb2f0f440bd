using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Remote;
using ZeroCopy.Actors.Remoting;
using ZeroCopy.Clustering.Asking;
using ZeroCopy.Clustering.Catalog;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;

namespace ZeroCopy.Clustering.Routes;

/// <summary>Connections to the nodes that this process calls, made with the first call, and how many calls each has. Thread-safe.</summary>
/// <param name="system">Of the callers.</param>
internal sealed class NodeClients(ActorSystem system) : IDisposable
{
    private static readonly TimeSpan ConnectTime = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<Address, Connection> _connections = new();

    /// <summary>Calls of this process that are under way to a node.</summary>
    public int Outstanding(Address node) => _connections.TryGetValue(node, out var connection) ? connection.Outstanding : 0;

    /// <summary>Whether a node could not be reached a moment ago.</summary>
    public bool IsDown(Address node) => _connections.TryGetValue(node, out var connection)
        && connection.Client is { IsValueCreated: true, Value: { IsCompleted: true } client }
        && (!client.IsCompletedSuccessfully || client.Result.IsDown);

    /// <summary>A node is unreachable to the cluster: calls that are under way to it fail, so that they may go to another one.</summary>
    public void Doubt(Address node)
    {
        if (_connections.TryGetValue(node, out var connection))
        {
            connection.Connected?.Doubt();
        }
    }

    /// <summary>Ends the calls that are under way and leaves the nodes; nothing may be called any more.</summary>
    public void Dispose()
    {
        foreach (var connection in _connections.Values)
        {
            connection.Connected?.Dispose();
        }
    }

    /// <summary>A node's endpoint, by itself alone: it sends no call on to another node.</summary>
    /// <exception cref="InferenceException">The node does not answer.</exception>
    public async Task<IModelEndpoint> EndpointAsync(Address node, string name, int? version, CancellationToken cancellationToken)
    {
        var connection = Connect(node);
        try
        {
            var client = await connection.Client.Value.WaitAsync(cancellationToken).ConfigureAwait(false);
            if (client.Loss is null)
            {
                return client.Endpoint(name, version);
            }

            client.Dispose();
        }
        catch (Exception) when (connection.Client.Value.IsCompleted)
        {
            // Whoever calls next tries anew.
            _connections.TryRemove(new(node, connection));
            throw;
        }

        // The node was lost, and may be back.
        _connections.TryRemove(new(node, connection));
        var anew = await Connect(node).Client.Value.WaitAsync(cancellationToken).ConfigureAwait(false);
        return anew.Endpoint(name, version);
    }

    /// <summary>Has a node load a model that its store holds, and ends when it is loaded.</summary>
    /// <exception cref="InferenceException">It cannot be loaded there, or the node is lost before it is.</exception>
    public async Task OpenAsync(Address node, ModelName name, ModelId model, CancellationToken cancellationToken)
    {
        var order = new NodeOrder.Open(name, model, [], Warm: true, 0);
        switch (await NodeAnswer.AskAsync(
            system, await FindAsync(node, cancellationToken).ConfigureAwait(false), order, Timeout.InfiniteTimeSpan, cancellationToken)
            .ConfigureAwait(false))
        {
            case NodeReply.Failed failed:
                throw new InferenceException(failed.Failure, $"{node}: {failed.Message}");
            case Terminated or DisassociatedEvent:
                throw new InferenceException(InferenceFailure.Unreachable, $"The node at {node} was lost before it had loaded {name}.");
        }
    }

    /// <summary>Has a node free a model as soon as no call goes to it.</summary>
    public void Close(Address node, ModelName name) => NodePath.At(system, node).Tell(new NodeOrder.Close(name), ActorRefs.NoSender);

    /// <summary>Counts a call to a node until it is disposed.</summary>
    public Counted Count(Address node) => new(Connect(node));

    /// <summary>A node's actor, so that it is known when the node is lost.</summary>
    private async Task<IActorRef> FindAsync(Address node, CancellationToken cancellationToken)
    {
        try
        {
            return await NodePath.At(system, node).ResolveOne(ConnectTime, cancellationToken).ConfigureAwait(false);
        }
        catch (ActorNotFoundException e)
        {
            throw new InferenceException(InferenceFailure.Unreachable, $"No node of a cluster answers at {node}.", e);
        }
    }

    private Connection Connect(Address node) => _connections.GetOrAdd(node, static (node, system) => new Connection(system, node), system);

    /// <summary>A call that is under way.</summary>
    public readonly struct Counted : IDisposable
    {
        private readonly Connection _connection;

        internal Counted(Connection connection)
        {
            _connection = connection;
            Interlocked.Increment(ref connection.Outstanding);
        }

        public void Dispose() => Interlocked.Decrement(ref _connection.Outstanding);
    }

    internal sealed class Connection(ActorSystem system, Address node)
    {
        /// <summary>Calls that are under way.</summary>
        public int Outstanding;

        /// <summary>Null while there is none.</summary>
        public InferenceClient? Connected =>
            Client is { IsValueCreated: true, Value: { IsCompletedSuccessfully: true, Result: var client } } ? client : null;

        public Lazy<Task<InferenceClient>> Client { get; } = new(
            () => InferenceClient.ConnectAsync(system, node, ConnectTime, null, direct: true, CancellationToken.None));
    }
}
