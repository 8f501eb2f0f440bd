using Akka.Actor;
using Akka.Remote;
using ZeroCopy.Actors.Dispatch;
using ZeroCopy.Actors.Protocol;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Actors.Wire;
using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Remoting;

/// <summary>
/// The client's end of its requests: gives each reply to its request, sends and puts together what comes in parts, and watches the node and
/// the connection to it, so that requests fail at once when they are lost.
/// </summary>
internal sealed class InferenceClientActor : UntypedActor, IWithTimers
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly IActorRef _node;
    private readonly NodeLink _link;
    private readonly FrameLimit _limit;
    private readonly OutgoingMessages _outgoing;
    private readonly IncomingMessages _incoming;

    public InferenceClientActor(IActorRef node, NodeLink link, FrameLimit limit, RemotingSettings settings)
    {
        (_node, _link, _limit) = (node, link, limit);
        _outgoing = new OutgoingMessages(Self, limit);
        _incoming = new IncomingMessages(settings);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(IActorRef node, NodeLink link, FrameLimit limit, RemotingSettings settings) => Akka.Actor.Props.CreateBy(
        new Producer<InferenceClientActor>(() => new InferenceClientActor(node, link, limit, settings)));

    protected override void PreStart()
    {
        Context.Watch(_node);
        // A process that dies closes its connections long before a failure detector gives it up.
        Context.System.EventStream.Subscribe(Self, typeof(DisassociatedEvent));
        Context.System.EventStream.Subscribe(Self, typeof(AssociationErrorEvent));
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Parcel parcel:
                // It may have been given up, or failed with the connection, before it came here.
                if (_link.IsUnderWay(parcel.Id))
                {
                    _outgoing.Send(_node, parcel);
                }

                break;
            case PredictCancel cancel:
                _outgoing.Drop(_node, cancel.Id);
                _incoming.Drop(_node, cancel.Id);
                _node.Tell(cancel, Self);
                break;
            case MessagePart part:
                OnPart(part);
                break;
            case PartReceived:
                _outgoing.OnReceipt(Sender);
                break;
            case ICallMessage reply:
                OnReply(reply);
                break;
            case AssociationEvent closed:
                if (closed.RemoteAddress == _node.Path.Address)
                {
                    OnInterrupted("was closed, or could not be made");
                }

                break;
            case Doubted:
                OnInterrupted("brings nothing any more");
                break;
            case Look:
                _node.Tell(new Identify(null), Self);
                break;
            // Remoting itself answers for a node that it does not reach: that it is nobody.
            case ActorIdentity identity when !identity.Subject.IsNobody():
                Timers.Cancel(Look.Instance);
                _link.Resume();
                break;
            case ActorIdentity:
                break;
            case Terminated:
                Timers.Cancel(Look.Instance);
                _link.Lose($"The node at {_node.Path.Address} stopped or was lost; connect again when it is back.");
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    protected override void PostStop() => _link.Close();

    private void OnReply(ICallMessage reply)
    {
        if (reply is PredictReply.Failed failed)
        {
            _outgoing.Drop(_node, failed.Id);
            _link.Fail(failed.Id, new InferenceException(failed.Failure, $"{_node.Path.Address}: {failed.Message}")
            {
                CausedByInput = failed.CausedByInput,
                NeverRan = failed.NeverRan,
            });
        }
        else
        {
            _link.Answer(reply);
        }
    }

    private void OnPart(MessagePart part)
    {
        if (part.WantsReceipt)
        {
            Sender.Tell(new PartReceived(part.Id, part.Offset), Self);
        }

        if (!_link.IsUnderWay(part.Id) || !Sender.Equals(_node))
        {
            return;
        }

        try
        {
            if (_incoming.Add(Sender, part) is { } whole && _limit.Unpack(whole) is ICallMessage reply)
            {
                OnReply(reply);
            }
        }
        catch (InferenceException e)
        {
            _link.Fail(part.Id, new InferenceException(e.Failure, $"The answer: {e.Message}", e));
            _node.Tell(new PredictCancel(part.Id), Self);
        }
        catch (WireException e)
        {
            _link.Fail(part.Id, new InferenceException(InferenceFailure.Unreachable, $"{_node.Path.Address}: {e.Message}", e));
        }
    }

    /// <summary>
    /// What was under way is lost. So would be what is sent before the connection stands again, as remoting waits a while before it makes
    /// another one.
    /// </summary>
    private void OnInterrupted(string how)
    {
        _outgoing.Forget(_node);
        _incoming.Forget(_node);
        if (_link.Loss is null && !_link.IsDown)
        {
            Timers.StartPeriodicTimer(Look.Instance, Look.Instance, TimeSpan.Zero, Pause);
        }

        _link.Interrupt(new InferenceException(
            InferenceFailure.Unreachable, $"The connection to {_node.Path.Address} {how}."));
    }

    /// <summary>A failure detector does not hear of the node any more, which may be back at any time.</summary>
    internal sealed class Doubted
    {
        public static Doubted Instance { get; } = new();
    }

    private sealed class Look
    {
        public static Look Instance { get; } = new();
    }
}
