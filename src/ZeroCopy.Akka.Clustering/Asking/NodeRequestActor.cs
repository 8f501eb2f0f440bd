using Akka.Actor;
using Akka.Remote;
using ZeroCopy.Clustering.Protocol;

namespace ZeroCopy.Clustering.Asking;

/// <summary>
/// One request to a node: takes the answer, in one message or several, or the node's end, and is stopped by who asked. An entity, which the
/// node passes requests on to, may end elsewhere without a word, and is asked again: it knows a request by its sender and number.
/// </summary>
internal sealed class NodeRequestActor(ICanTell node, IClusterMessage request, TaskCompletionSource<object> answer)
    : UntypedActor, IWithTimers
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(5);

    private IPaged? _before;

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(ICanTell node, IClusterMessage request, TaskCompletionSource<object> answer) =>
        Akka.Actor.Props.Create(() => new NodeRequestActor(node, request, answer));

    protected override void PreStart()
    {
        if (node is IActorRef actor)
        {
            Context.Watch(actor);
            // A process that dies closes its connections long before a failure detector gives it up.
            Context.System.EventStream.Subscribe(Self, typeof(DisassociatedEvent));
        }

        if (request is IEntityMessage)
        {
            Timers.StartPeriodicTimer(Again.Instance, Again.Instance, AskAgain);
        }

        node.Tell(request, Self);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case IPaged page:
                _before = IPaged.Join(_before, page);
                if (_before is { HasMore: false })
                {
                    answer.TrySetResult(_before);
                }

                break;
            case NodeReply.Opening:
                break;
            case Terminated or IRequestMessage:
                answer.TrySetResult(message);
                break;
            case Again:
                node.Tell(request, Self);
                break;
            case DisassociatedEvent closed:
                if (node is IActorRef asked && closed.RemoteAddress == asked.Path.Address)
                {
                    answer.TrySetResult(closed);
                }

                break;
            default:
                Unhandled(message);
                break;
        }
    }

    protected override void PostStop() => answer.TrySetCanceled();

    private sealed class Again
    {
        public static Again Instance { get; } = new();
    }
}
