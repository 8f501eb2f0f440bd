using System.Collections.Concurrent;
using System.Diagnostics;
using Akka.Actor;
using ZeroCopy.Actors.Remoting;
using ZeroCopy.Clustering.Asking;
using ZeroCopy.Clustering.Catalog;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;

namespace ZeroCopy.Clustering.Routes;

/// <summary>
/// Connections to the nodes that this process calls, made with the first call and again where they were lost, and how many calls each has.
/// Thread-safe.
/// </summary>
/// <param name="system">Of the callers.</param>
internal sealed class NodeClients(ActorSystem system) : IDisposable
{
    private static readonly TimeSpan ConnectTime = TimeSpan.FromSeconds(5);

    // A node that could not be reached is not looked for all the time, and after a while not at all, as others came in its place.
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Forgotten = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<Address, Connection> _connections = new();
    private readonly ConcurrentDictionary<Address, long> _lost = new();

    // Never disposed: it holds nothing, and connections may be made while this is let go of.
    private readonly CancellationTokenSource _closed = new();

    /// <summary>Calls of this process that are under way to a node.</summary>
    public int Outstanding(Address node) => _connections.TryGetValue(node, out var connection) ? connection.Outstanding : 0;

    /// <summary>
    /// Whether a node could not be reached a moment ago. Whoever wants to know has it looked for again, so that no call has to wait for
    /// that.
    /// </summary>
    public bool IsDown(Address node)
    {
        if (_connections.TryGetValue(node, out var connection) && connection.Connected is { } client)
        {
            return client.IsDown;
        }

        if (!_lost.TryGetValue(node, out var since))
        {
            return false;
        }

        if (Stopwatch.GetElapsedTime(since) >= Pause)
        {
            _ = Connect(node).Client.Value;
        }

        return true;
    }

    /// <summary>A node is unreachable to the cluster: calls that are under way to it fail, so that they may go to another one.</summary>
    public void Doubt(Address node)
    {
        if (_connections.TryGetValue(node, out var connection))
        {
            connection.Connected?.Doubt();
        }
    }

    /// <summary>Ends the calls that are under way and leaves the nodes; nothing may be called any more.</summary>
    public void Dispose() => _closed.Cancel();

    /// <summary>A node's endpoint, by itself alone: it sends no call on to another node.</summary>
    /// <exception cref="InferenceException">The node does not answer, or nothing may be called any more.</exception>
    public async Task<IModelEndpoint> EndpointAsync(Address node, string name, int? version, CancellationToken cancellationToken)
    {
        while (true)
        {
            var connection = Connect(node);
            var client = await connection.Client.Value.WaitAsync(cancellationToken).ConfigureAwait(false);
            if (client.Loss is null)
            {
                return client.Endpoint(name, version);
            }

            // The node was lost in this moment, and may be back.
            Drop(connection);
        }
    }

    /// <summary>Has a node load a model that its store holds, and ends when it is loaded.</summary>
    /// <exception cref="InferenceException">It cannot be loaded there, or the node is lost before it is.</exception>
    public async Task OpenAsync(Address node, ModelName name, ModelId model, CancellationToken cancellationToken)
    {
        var order = new NodeOrder.Open(name, model, [], Warm: true, 0);
        switch (await NodeAnswer.AskAsync(system, node, order, Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false))
        {
            case NodeReply.Failed failed:
                throw new InferenceException(failed.Failure, $"{node}: {failed.Message}");
            case null:
                throw new InferenceException(
                    InferenceFailure.Unreachable, $"The node at {node} is not reached, or was lost before it had loaded {name}.");
        }
    }

    /// <summary>Has a node free a model as soon as no call goes to it.</summary>
    public void Close(Address node, ModelName name) => NodePath.At(system, node).Tell(new NodeOrder.Close(name), ActorRefs.NoSender);

    /// <summary>Counts a call to a node until it is disposed.</summary>
    public Counted Count(Address node) => new(Connect(node));

    private Connection Connect(Address node) =>
        _connections.GetOrAdd(node, static (node, connect) => new Connection(node, connect), ConnectAsync);

    private async Task<InferenceClient> ConnectAsync(Connection connection)
    {
        try
        {
            var client = await InferenceClient.ConnectAsync(system, connection.Node, ConnectTime, null, direct: true, _closed.Token)
                .ConfigureAwait(false);
            _lost.TryRemove(connection.Node, out _);
            _ = KeepAsync(connection, client);
            return client;
        }
        catch (OperationCanceledException e)
        {
            Drop(connection);
            throw new InferenceException(InferenceFailure.ShuttingDown, "Nothing is called from here any more.", e);
        }
        catch
        {
            // Whoever calls next tries anew.
            Drop(connection);
            throw;
        }
    }

    /// <summary>Keeps a connection until its node is lost.</summary>
    private async Task KeepAsync(Connection connection, InferenceClient client)
    {
        using var closing = _closed.Token.UnsafeRegister(static client => ((InferenceClient)client!).Dispose(), client);
        await client.Ended.ConfigureAwait(false);
        Drop(connection);
        client.Dispose();
    }

    private void Drop(Connection connection)
    {
        foreach (var (node, since) in _lost)
        {
            if (Stopwatch.GetElapsedTime(since) >= Forgotten)
            {
                _lost.TryRemove(node, out _);
            }
        }

        _lost[connection.Node] = Stopwatch.GetTimestamp();
        _connections.TryRemove(new(connection.Node, connection));
    }

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

    internal sealed class Connection
    {
        /// <summary>Calls that are under way.</summary>
        public int Outstanding;

        /// <param name="node">Where it goes.</param>
        /// <param name="connect">Makes it.</param>
        public Connection(Address node, Func<Connection, Task<InferenceClient>> connect)
        {
            Node = node;
            Client = new Lazy<Task<InferenceClient>>(() =>
            {
                var client = connect(this);
                // Nobody may be waiting.
                client.ContinueWith(static client => client.Exception, TaskScheduler.Default);
                return client;
            });
        }

        public Address Node { get; }

        /// <summary>Null while there is none.</summary>
        public InferenceClient? Connected =>
            Client is { IsValueCreated: true, Value: { IsCompletedSuccessfully: true, Result: var client } } ? client : null;

        /// <summary>Made when somebody wants it; others want it too.</summary>
        public Lazy<Task<InferenceClient>> Client { get; }
    }
}
