using Akka.Actor;
using Akka.Remote;
using ZeroCopy.Clocks;
using ZeroCopy.Clustering.Asking;
using ZeroCopy.Clustering.Catalog;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Clustering.Wire;
using ZeroCopy.Errors;
using ZeroCopy.Store;

namespace ZeroCopy.Clustering.Clients;

/// <summary>
/// Asks a node of the cluster, from inside of it or from outside: its actor system needs remoting and nothing else of ours. Thread-safe.
/// </summary>
public sealed class NodeClient
{
    /// <summary>How long a node may take for what moves nothing and loads nothing.</summary>
    public static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(30);

    private readonly ActorSystem _system;
    private readonly IActorRef _node;
    private long _requests;

    internal NodeClient(ActorSystem system, IActorRef node) => (_system, _node) = (system, node);

    /// <summary>Where the node is.</summary>
    public Address Node => _node.Path.Address;

    /// <summary>Finds a node.</summary>
    /// <param name="system">An actor system that reaches the node and is reached by it.</param>
    /// <param name="node">The node, such as <c>akka.tcp://zerocopy@10.0.0.7:4053</c>.</param>
    /// <param name="timeout">How long the node may take to answer.</param>
    /// <param name="cancellationToken">Gives the search up.</param>
    /// <exception cref="InferenceException">
    /// Nobody answers there in time, or no node of a cluster: <see cref="InferenceFailure.Unreachable"/>.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static async Task<NodeClient> ConnectAsync(
        ActorSystem system, Address node, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(system);
        ArgumentNullException.ThrowIfNull(node);
        ClusterSerializer.Register(system);
        using var late = new LimitSource(timeout, TimeProvider.System);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            var actor = await NodePath.At(system, node).ResolveOne(Timeout.InfiniteTimeSpan, ended.Token).ConfigureAwait(false);
            return new NodeClient(system, actor);
        }
        catch (Exception e) when (e is ActorNotFoundException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var limit = late.Token.IsCancellationRequested ? $" within {Durations.Text(timeout)}" : "";
            throw new InferenceException(InferenceFailure.Unreachable, $"No node of a cluster answers at {node}{limit}.", e);
        }
    }

    /// <summary>Members and models of the whole cluster, as the node sees them.</summary>
    /// <inheritdoc cref="AskAsync" path="/exception"/>
    public Task<NodeReply.ClusterStatus> StatusAsync(CancellationToken cancellationToken = default) =>
        AskAsync<NodeReply.ClusterStatus>(id => new NodeQuery.ClusterStatus(id), AnswerTime, cancellationToken);

    /// <summary>Counts and sizes of the node's own store, and who holds which of its models.</summary>
    /// <inheritdoc cref="AskAsync" path="/exception"/>
    public async Task<StoreStatistics> StoreAsync(CancellationToken cancellationToken = default) =>
        (await AskAsync<NodeReply.StoreStatus>(id => new NodeQuery.StoreStatus(id), AnswerTime, cancellationToken).ConfigureAwait(false))
        .Statistics;

    /// <summary>Asks the node something, or through it the entity of a name.</summary>
    /// <param name="request">Makes the request, which gets a number of its own.</param>
    /// <param name="limit">How long the answer may take; <see cref="Timeout.InfiniteTimeSpan"/> for what moves or loads a model.</param>
    /// <param name="cancellationToken">Ends the wait; what the node has begun goes on.</param>
    /// <typeparam name="TReply">The answer that belongs to the request.</typeparam>
    /// <exception cref="InferenceException">The node says that it cannot be done, is lost, or answers with something else.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<TReply> AskAsync<TReply>(
        Func<long, IRequestMessage> request, TimeSpan limit, CancellationToken cancellationToken = default)
        where TReply : class, IRequestMessage
    {
        ArgumentNullException.ThrowIfNull(request);
        try
        {
            var asked = request(Interlocked.Increment(ref _requests));
            return await NodeAnswer.AskAsync(_system, _node, asked, limit, cancellationToken).ConfigureAwait(false) switch
            {
                TReply reply => reply,
                NodeReply.Failed failed => throw new InferenceException(failed.Failure, failed.Message),
                EntityReply.Failed failed => throw new InferenceException(failed.Failure, failed.Message),
                Terminated or DisassociatedEvent => throw new InferenceException(
                    InferenceFailure.Unreachable, $"The node at {Node} was lost before it answered."),
                _ => throw new InferenceException(
                    InferenceFailure.Unreachable,
                    $"The node at {Node} answered with something else; does it run another version of ZeroCopy.Akka?"),
            };
        }
        catch (TimeoutException e)
        {
            throw new InferenceException(
                InferenceFailure.Unreachable, $"The node at {Node} has not answered within {limit.TotalSeconds:0.#} s.", e);
        }
    }
}
