using Akka.Actor;
using Akka.Remote;
using ZeroCopy.Actors.Dispatch;
using ZeroCopy.Actors.Endpoints;
using ZeroCopy.Actors.Protocol;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Actors.Telemetry;
using ZeroCopy.Actors.Wire;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Remoting;

/// <summary>
/// Takes calls of other processes to the endpoints of this one, and questions about them, <c>/user/zerocopy/predict</c>. Every request gets
/// one reply. A pool's own queue bounds them; the requests of a client that is gone are cancelled.
/// </summary>
internal sealed class PredictActor : UntypedActor
{
    public const string Name = "predict";

    private readonly RemoteEndpoints _endpoints;
    private readonly FrameLimit _limit;
    private readonly OutgoingMessages _outgoing;
    private readonly IncomingMessages _incoming;
    private readonly Dictionary<(IActorRef Client, long Id), CancellationTokenSource> _calls = [];

    public PredictActor(RemoteEndpoints endpoints, RemotingSettings settings)
    {
        _endpoints = endpoints;
        _limit = new FrameLimit(Context.System, settings);
        _outgoing = new OutgoingMessages(Self, _limit);
        _incoming = new IncomingMessages(settings);
    }

    public static Props Props(RemoteEndpoints endpoints, RemotingSettings settings) =>
        Akka.Actor.Props.CreateBy(new Producer<PredictActor>(() => new PredictActor(endpoints, settings)));

    protected override void PreStart() => Context.System.EventStream.Subscribe(Self, typeof(DisassociatedEvent));

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ICallRequest request when !Sender.IsNobody():
                Begin(request);
                break;
            case MessagePart part when !Sender.IsNobody():
                OnPart(part);
                break;
            case PartReceived:
                _outgoing.OnReceipt(Sender);
                break;
            case PredictCancel cancel:
                _incoming.Drop(Sender, cancel.Id);
                _outgoing.Drop(Sender, cancel.Id);
                Cancel((Sender, cancel.Id));
                break;
            case Finished finished:
                End(finished);
                break;
            case DisassociatedEvent closed:
                // A client whose connection was closed fails its calls.
                _incoming.ForgetAt(closed.RemoteAddress);
                _outgoing.ForgetAt(closed.RemoteAddress);
                break;
            case Terminated client:
                _incoming.Forget(client.ActorRef);
                _outgoing.Forget(client.ActorRef);
                foreach (var call in _calls.Keys.Where(call => call.Client.Equals(client.ActorRef)).ToArray())
                {
                    Cancel(call);
                }

                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <summary>What this one knows of its calls goes with it, while their clients go on to know the actor.</summary>
    protected override void PreRestart(Exception reason, object message)
    {
        foreach (var (client, id) in _calls.Keys)
        {
            client.Tell(new PredictReply.Failed(InferenceFailure.ActorCrashed, $"Calls were lost: {reason.Message}", id), Self);
        }

        base.PreRestart(reason, message);
    }

    protected override void PostStop()
    {
        foreach (var call in _calls.Keys.ToArray())
        {
            Cancel(call);
        }
    }

    private void OnPart(MessagePart part)
    {
        if (part.WantsReceipt)
        {
            Sender.Tell(new PartReceived(part.Id, part.Offset), Self);
        }

        Watch(Sender);
        try
        {
            if (_incoming.Add(Sender, part) is { } whole)
            {
                Begin(_limit.Unpack(whole) as ICallRequest ?? throw new WireException($"'{whole.Manifest}' is no request."));
            }
        }
        catch (InferenceException e)
        {
            Sender.Tell(PredictReply.Failed.Of(e, part.Id), Self);
        }
        catch (WireException e)
        {
            Sender.Tell(new PredictReply.Failed(InferenceFailure.InvalidInput, e.Message, part.Id), Self);
        }
    }

    private void Begin(ICallRequest request)
    {
        var key = (Sender, request.Id);
        if (_calls.ContainsKey(key))
        {
            Sender.Tell(
                new PredictReply.Failed(
                    InferenceFailure.InvalidInput, $"There is a call {request.Id} of this sender already.", request.Id),
                Self);
            return;
        }

        Watch(Sender);
        var cancellation = _calls[key] = new CancellationTokenSource();
        // Begun here and not on another thread, so that the calls of a client keep their order.
        _ = AnswerAsync(new Caller(Sender, Self, _limit), request, cancellation.Token);
    }

    /// <summary>Not where the sender is one Ask, which lives no longer than its call.</summary>
    private static void Watch(IActorRef sender)
    {
        if (!sender.IsAsk())
        {
            Context.Watch(sender);
        }
    }

    private async Task AnswerAsync(Caller caller, ICallRequest request, CancellationToken cancellationToken)
    {
        var parcel = await ParcelAsync(caller, request, cancellationToken).ConfigureAwait(false);
        // Without a turn of the actor; not where the actor itself has cancelled it and is gone.
        var isDirect = parcel.Whole is not null && !cancellationToken.IsCancellationRequested;
        // Before the answer, upon which its client may use the number again.
        caller.Self.Tell(new Finished((caller.Client, request.Id), isDirect ? null : parcel), ActorRefs.NoSender);
        if (isDirect)
        {
            caller.Client.Tell(parcel.Whole, caller.Self);
        }
    }

    private async Task<Parcel> ParcelAsync(Caller caller, ICallRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return request switch
            {
                PredictRequest predict => await PredictAsync(caller, predict, cancellationToken).ConfigureAwait(false),
                EndpointRequest.Describe describe => caller.Pack(
                    await DescribeAsync(describe, cancellationToken).ConfigureAwait(false), request),
                EndpointRequest.List => caller.Pack(await ListAsync(request.Id, cancellationToken).ConfigureAwait(false), request),
                _ => throw new InvalidOperationException($"{request} is answered by nobody."),
            };
        }
        catch (InferenceException e)
        {
            return new Parcel(PredictReply.Failed.Of(e, request.Id));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return new Parcel(new PredictReply.Failed(InferenceFailure.Cancelled, "A call was cancelled by its caller.", request.Id));
        }
        catch (Exception e)
        {
            return new Parcel(new PredictReply.Failed(InferenceFailure.ModelError, e.Message, request.Id));
        }
    }

    private async Task<Parcel> PredictAsync(Caller caller, PredictRequest request, CancellationToken cancellationToken)
    {
        using var trace = RemoteTrace.Continue(request.Pool, request.TraceParent);
        try
        {
            return await CallAsync(caller, request, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            RemoteTrace.Fail(trace, e);
            throw;
        }
    }

    private async Task<Parcel> CallAsync(Caller caller, PredictRequest request, CancellationToken cancellationToken)
    {
        var endpoint = await FindAsync(request.Pool, request.Version, request.Direct, cancellationToken).ConfigureAwait(false);
        var options = new CallOptions { Deadline = request.Deadline, HashKey = request.HashKey.Length == 0 ? null : request.HashKey };
        using var answer = await endpoint.CallAsync(request.Method, request.Inputs, options, cancellationToken).ConfigureAwait(false);
        var answered = new PredictReply.Answered(answer.Outputs, request.Id)
        {
            Times = answer.Times,
            Version = answer.Version ?? endpoint.Version,
        };
        var parcel = caller.Pack(answered, request);
        return parcel.Whole is null ? parcel : new Parcel(answered with { Outputs = Parcel.Copies(answer.Outputs) });
    }

    private async Task<ICallMessage> DescribeAsync(EndpointRequest.Describe request, CancellationToken cancellationToken)
    {
        var endpoint = await FindAsync(request.Name, request.Version, request.Direct, cancellationToken).ConfigureAwait(false);
        var signature = await endpoint.GetSignatureAsync(cancellationToken).ConfigureAwait(false);
        return new EndpointReply.Described(InfoOf(endpoint), signature, request.Id);
    }

    private async Task<ICallMessage> ListAsync(long id, CancellationToken cancellationToken)
    {
        var listed = await Directory(direct: false).ListAsync(cancellationToken).ConfigureAwait(false);
        return new EndpointReply.Listed([.. listed.Select(InfoOf)], id);
    }

    private IEndpointDirectory Directory(bool direct) => direct ? _endpoints : _endpoints.Cluster ?? _endpoints;

    private async Task<IModelEndpoint> FindAsync(string name, int? version, bool direct, CancellationToken cancellationToken) =>
        await Directory(direct).FindAsync(name, version, cancellationToken).ConfigureAwait(false) ?? throw new InferenceException(
            InferenceFailure.PoolNotFound,
            $"This node has no pool or model '{name}'{(version is null ? "" : $" of version {version}")} that takes calls of other "
            + "processes.");

    private static EndpointInfo InfoOf(IModelEndpoint endpoint) => new(endpoint.Name, endpoint.Version, endpoint.State, endpoint.LastError);

    private void End(Finished finished)
    {
        if (_calls.Remove(finished.Call, out var cancellation))
        {
            // Who has cancelled it, or is gone, is sent no parts.
            if (finished.Parcel is { } parcel && (parcel.Whole is not null || !cancellation.IsCancellationRequested))
            {
                _outgoing.Send(finished.Call.Client, parcel);
            }

            cancellation.Dispose();
        }
    }

    private void Cancel((IActorRef Client, long Id) call)
    {
        if (_calls.TryGetValue(call, out var cancellation))
        {
            cancellation.Cancel();
        }
    }

    private sealed record Finished((IActorRef Client, long Id) Call, Parcel? Parcel);

    /// <summary>Who is answered.</summary>
    private sealed record Caller(IActorRef Client, IActorRef Self, FrameLimit Limit)
    {
        /// <exception cref="InferenceException">The reply is too large.</exception>
        public Parcel Pack(ICallMessage reply, ICallRequest request)
        {
            try
            {
                // An Ask takes one message, and is not watched.
                return Limit.Pack(reply, Client, Self, request.TakesParts && !Client.IsAsk());
            }
            catch (InferenceException e)
            {
                throw new InferenceException(e.Failure, $"The answer: {e.Message}", e);
            }
        }
    }
}
