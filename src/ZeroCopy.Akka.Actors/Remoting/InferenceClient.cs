using System.Collections.Immutable;
using Akka.Actor;
using ZeroCopy.Actors.Protocol;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Actors.Telemetry;
using ZeroCopy.Actors.Wire;
using ZeroCopy.Clocks;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Remoting;

/// <summary>
/// Calls the endpoints of another node over Akka.Remote. Thread-safe. Its actor system needs remoting, and nothing else of ours. The node
/// cancels the calls of a client that is disposed or dies.
/// </summary>
public sealed class InferenceClient : IDisposable
{
    private readonly ActorSystem _system;
    private readonly IActorRef _node;
    private readonly IActorRef _actor;
    private readonly FrameLimit _limit;
    private readonly TimeProvider _clock;
    private readonly NodeLink _link;
    private readonly bool _direct;
    private long _calls;

    private InferenceClient(ActorSystem system, IActorRef node, TimeProvider clock, bool direct)
    {
        _direct = direct;
        _system = system;
        _node = node;
        var settings = ZeroCopySettings.From(system.Settings.Config).Inference.Remoting;
        _limit = new FrameLimit(system, settings);
        _clock = clock;
        _link = new NodeLink(node.Path.Address.ToString());
        _actor = system.ActorOf(InferenceClientActor.Props(node, _link, _limit, settings));
    }

    /// <summary>Finds a node, whose address is that of its remoting, such as <c>akka.tcp://cluster@10.0.0.7:4053</c>.</summary>
    /// <exception cref="InferenceException">
    /// The node does not answer in time, or runs no ZeroCopy.Akka: <see cref="InferenceFailure.Unreachable"/>.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static Task<InferenceClient> ConnectAsync(
        ActorSystem system, Address node, TimeSpan timeout, TimeProvider? clock = null, CancellationToken cancellationToken = default) =>
        ConnectAsync(system, node, timeout, clock, direct: false, cancellationToken);

    /// <param name="system">Of the caller.</param>
    /// <param name="node">The node.</param>
    /// <param name="timeout">How long it is looked for.</param>
    /// <param name="clock">Null for the system's.</param>
    /// <param name="direct">Whether the node answers with what it has itself, and sends no call to another.</param>
    /// <param name="cancellationToken">Gives up.</param>
    internal static async Task<InferenceClient> ConnectAsync(
        ActorSystem system, Address node, TimeSpan timeout, TimeProvider? clock, bool direct, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(system);
        ArgumentNullException.ThrowIfNull(node);
        WireSerializer.Register(system);
        clock ??= TimeProvider.System;
        var path = new RootActorPath(node) / "user" / "zerocopy" / PredictActor.Name;
        using var late = new LimitSource(timeout, clock);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            var actor = await system.ActorSelection(path).ResolveOne(Timeout.InfiniteTimeSpan, ended.Token).ConfigureAwait(false);
            return new InferenceClient(system, actor, clock, direct);
        }
        catch (Exception e) when (cancellationToken.IsCancellationRequested && e is (ActorNotFoundException or OperationCanceledException))
        {
            throw new OperationCanceledException($"Looking for a node at {path} was cancelled by its caller.", e, cancellationToken);
        }
        catch (Exception e) when (e is ActorNotFoundException or OperationCanceledException)
        {
            var limit = late.Token.IsCancellationRequested ? $" within {Durations.Text(timeout)}" : "";
            throw new InferenceException(InferenceFailure.Unreachable, $"No node answers at {path}{limit}.", e);
        }
    }

    /// <summary>That the node was lost, or the client closed; null while calls may be made.</summary>
    internal string? Loss => _link.Loss;

    /// <summary>Ends when the node is lost, or the client closed.</summary>
    internal Task Ended => _link.Ended;

    /// <summary>Whether the node cannot be reached at the moment, so that calls fail at once.</summary>
    internal bool IsDown => _link.IsDown || _link.Loss is not null;

    /// <summary>
    /// The node does not seem to be reached any more, though the connection stands: what is under way fails, and what begins until it
    /// answers again.
    /// </summary>
    internal void Doubt() => _actor.Tell(InferenceClientActor.Doubted.Instance, ActorRefs.NoSender);

    /// <summary>
    /// An endpoint of the node that takes calls of other processes, whether it is there or not:
    /// <see cref="IModelEndpoint.GetSignatureAsync"/> asks the node, and calls fail with <see cref="InferenceFailure.ModelNotFound"/> where
    /// nothing there has the name.
    /// </summary>
    /// <param name="name">What it is called by: the name of a pool, or of a model.</param>
    /// <param name="version">Version of the model; null for the one that is current there at each call.</param>
    public IModelEndpoint Endpoint(string name, int? version = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return new RemoteEndpoint(this, name, version);
    }

    /// <summary>
    /// The endpoints of the node that take calls of other processes, by name and version, with the states that they have now.
    /// </summary>
    /// <exception cref="InferenceException">The node does not answer.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<ImmutableArray<IModelEndpoint>> ListEndpointsAsync(CancellationToken cancellationToken = default)
    {
        var listed = await AskAsync<EndpointReply.Listed>(
            new EndpointRequest.List(NextId(), TakesParts: true), "The list of the endpoints", Timeout.InfiniteTimeSpan, cancellationToken)
            .ConfigureAwait(false);
        return [.. listed.Endpoints.Select(endpoint => new RemoteEndpoint(this, endpoint.Name, endpoint.Version) { Known = endpoint })];
    }

    /// <summary>Calls an endpoint.</summary>
    /// <param name="pool">What it is called by on the node: the name of a pool, or of a model.</param>
    /// <param name="inputs">The inputs; they are copied into the message.</param>
    /// <param name="options">Deadline and hash key; the deadline counts from here, the network's time included.</param>
    /// <param name="method">Method of the model; empty for the endpoint's own. A pool that was made in code runs its own function
    /// only.</param>
    /// <param name="cancellationToken">Gives the call up, here at once and on the node as soon as it hears of it.</param>
    /// <exception cref="InferenceException">The call was not answered; its failure says why.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<ImmutableArray<NamedTensor>> PredictAsync(
        string pool, ImmutableArray<NamedTensor> inputs, CallOptions? options = null, string method = "",
        CancellationToken cancellationToken = default) =>
        (await PredictAsync(pool, null, method, inputs, options, cancellationToken).ConfigureAwait(false)).Outputs;

    internal async Task<PredictReply.Answered> PredictAsync(
        string name, int? version, string method, ImmutableArray<NamedTensor> inputs, CallOptions? options,
        CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(method);
        options ??= CallOptions.Default;
        using var trace = RemoteTrace.Start(name);
        var request = new PredictRequest(
            name, method, inputs, options.Deadline, options.HashKey ?? "", NextId(), version, RemoteTrace.Current, _direct,
            TakesParts: true);
        var limit = options.Deadline ?? Timeout.InfiniteTimeSpan;
        try
        {
            return await AskAsync<PredictReply.Answered>(request, $"A call to {name}", limit, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            RemoteTrace.Fail(trace, e);
            throw;
        }
    }

    /// <summary>An endpoint with its methods.</summary>
    internal Task<EndpointReply.Described> DescribeAsync(string name, int? version, CancellationToken cancellationToken) =>
        AskAsync<EndpointReply.Described>(
            new EndpointRequest.Describe(name, version, NextId(), _direct, TakesParts: true),
            $"The description of {name}",
            Timeout.InfiniteTimeSpan,
            cancellationToken);

    /// <summary>Ends the calls that are under way and leaves the node.</summary>
    public void Dispose() => _system.Stop(_actor);

    private long NextId() => Interlocked.Increment(ref _calls);

    private async Task<TReply> AskAsync<TReply>(ICallMessage request, string what, TimeSpan limit, CancellationToken cancellationToken)
        where TReply : class, ICallMessage
    {
        if (Durations.OrNone(limit) <= TimeSpan.Zero)
        {
            throw Late(what, limit);
        }

        var parcel = _limit.Pack(request, _node, _actor, inParts: true);
        var answer = _link.Begin(request.Id);
        if (parcel.Whole is null)
        {
            _actor.Tell(parcel, ActorRefs.NoSender);
        }
        else
        {
            _node.Tell(parcel.Whole is PredictRequest whole ? whole with { Inputs = Parcel.Copies(whole.Inputs) } : parcel.Whole, _actor);
        }

        try
        {
            await Durations.WaitAsync(answer, limit, _clock, cancellationToken).ConfigureAwait(false);
            return await answer.ConfigureAwait(false) as TReply ?? throw new InferenceException(
                InferenceFailure.Unreachable,
                $"{_node.Path.Address} answered with something else; does it run another version of ZeroCopy.Akka?");
        }
        catch (TimeoutException)
        {
            GiveUp(request.Id);
            throw Late(what, limit);
        }
        catch (OperationCanceledException e)
        {
            GiveUp(request.Id);
            throw new OperationCanceledException($"{what} of {_node.Path.Address} was cancelled by its caller.", e, cancellationToken);
        }
    }

    private void GiveUp(long id)
    {
        if (_link.Forget(id))
        {
            _actor.Tell(new PredictCancel(id), ActorRefs.NoSender);
        }
    }

    private InferenceException Late(string what, TimeSpan deadline) => new(
        InferenceFailure.DeadlineExceeded,
        $"{what} of {_node.Path.Address} was not answered within its deadline of {Durations.Text(deadline)}.");
}
