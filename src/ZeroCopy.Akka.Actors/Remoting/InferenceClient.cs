using System.Collections.Immutable;
using Akka.Actor;
using ZeroCopy.Actors.Calls;
using ZeroCopy.Actors.Protocol;
using ZeroCopy.Actors.Wire;
using ZeroCopy.Clocks;
using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Remoting;

/// <summary>
/// Calls the pools of another node over Akka.Remote. Thread-safe. Its actor system needs remoting, and nothing else of ours. The node cancels the
/// calls of a client that is disposed or dies.
/// </summary>
public sealed class InferenceClient : IDisposable
{
    private readonly ActorSystem _system;
    private readonly IActorRef _node;
    private readonly IActorRef _actor;
    private readonly FrameLimit _limit;
    private readonly TimeProvider _clock;
    private readonly CancellationTokenSource _closed = new();
    private long _calls;

    private InferenceClient(ActorSystem system, IActorRef node, TimeProvider clock)
    {
        _system = system;
        _node = node;
        _limit = new FrameLimit(system);
        _clock = clock;
        _actor = system.ActorOf(InferenceClientActor.Props(node, _closed));
    }

    /// <summary>Finds a node, whose address is that of its remoting, such as <c>akka.tcp://cluster@10.0.0.7:4053</c>.</summary>
    /// <exception cref="InferenceException">
    /// The node does not answer in time, or runs no ZeroCopy.Akka: <see cref="InferenceFailure.Unreachable"/>.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static async Task<InferenceClient> ConnectAsync(
        ActorSystem system, Address node, TimeSpan timeout, TimeProvider? clock = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(system);
        ArgumentNullException.ThrowIfNull(node);
        WireSerializer.Register((ExtendedActorSystem)system);
        clock ??= TimeProvider.System;
        var path = new RootActorPath(node) / "user" / "zerocopy" / PredictActor.Name;
        using var late = new LimitSource(timeout, clock);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            var actor = await system.ActorSelection(path).ResolveOne(Timeout.InfiniteTimeSpan, ended.Token).ConfigureAwait(false);
            return new InferenceClient(system, actor, clock);
        }
        catch (Exception e) when (cancellationToken.IsCancellationRequested && e is (ActorNotFoundException or OperationCanceledException))
        {
            throw new OperationCanceledException($"Looking for a node at {path} was cancelled by its caller.", e, cancellationToken);
        }
        catch (Exception e) when (e is ActorNotFoundException or OperationCanceledException)
        {
            throw new InferenceException(InferenceFailure.Unreachable, $"No node answers at {path} within {timeout}.", e);
        }
    }

    /// <summary>Runs the function of a pool on the inputs. Positions or names count as the pool's codec says.</summary>
    /// <param name="pool">Name of the pool on the node.</param>
    /// <param name="inputs">The arguments; they are copied into the message.</param>
    /// <param name="options">Deadline and hash key; the deadline counts from here, the network's time included.</param>
    /// <param name="method">Method of the model, where the pool's codec knows several; empty for the pool's own function.</param>
    /// <param name="cancellationToken">Gives the call up, here at once and on the node as soon as it hears of it.</param>
    /// <exception cref="InferenceException">The call was not answered; its failure says why.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<ImmutableArray<NamedTensor>> PredictAsync(
        string pool, ImmutableArray<NamedTensor> inputs, CallOptions? options = null, string method = "",
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(pool);
        ArgumentNullException.ThrowIfNull(method);
        options ??= CallOptions.Default;
        var limit = options.Deadline ?? Timeout.InfiniteTimeSpan;
        if (Durations.OrNone(limit) <= TimeSpan.Zero)
        {
            throw Late(pool, limit);
        }

        var request = new PredictRequest(pool, method, inputs, options.Deadline, options.HashKey ?? "", Interlocked.Increment(ref _calls));
        if (_limit.Refusal(request, _node, _actor) is { } tooLarge)
        {
            throw tooLarge;
        }

        using var ended = CancellationTokenSource.CreateLinkedTokenSource(_closed.Token, cancellationToken);
        var call = new InferenceClientActor.Call(request);
        _actor.Tell(call, ActorRefs.NoSender);
        try
        {
            await Durations.WaitAsync(call.Answer.Task, limit, _clock, ended.Token).ConfigureAwait(false);
            return await call.Answer.Task.ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            _actor.Tell(new PredictCancel(request.Id), ActorRefs.NoSender);
            throw Late(pool, limit);
        }
        catch (OperationCanceledException e)
        {
            _actor.Tell(new PredictCancel(request.Id), ActorRefs.NoSender);
            throw cancellationToken.IsCancellationRequested
                ? new OperationCanceledException($"A call to pool {pool} of {_node.Path.Address} was cancelled by its caller.", e, cancellationToken)
                : new InferenceException(InferenceFailure.ShuttingDown, $"The client of {_node.Path.Address} was closed during a call.", e);
        }
    }

    /// <summary>Ends the calls that are under way and leaves the node.</summary>
    public void Dispose() => _system.Stop(_actor);

    private InferenceException Late(string pool, TimeSpan deadline) => new(
        InferenceFailure.DeadlineExceeded, $"A call to pool {pool} of {_node.Path.Address} was not answered within its deadline of {deadline}.");
}
