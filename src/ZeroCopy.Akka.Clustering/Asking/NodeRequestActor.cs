using System.Collections.Immutable;
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

    private NodeReply? _before;
    private ModelRoute? _route;

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

        node.Tell(request, Self);
        if (request is IEntityMessage)
        {
            Timers.StartPeriodicTimer(Again.Instance, Again.Instance, AskAgain);
        }
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case NodeReply.Holdings holdings:
                var held = _before is NodeReply.Holdings some ? some.Models.AddRange(holdings.Models) : holdings.Models;
                Take(holdings with { Models = holdings.HasMore ? held : Whole(held), HasMore = false }, holdings.HasMore);
                break;
            case NodeReply.ClusterStatus status:
                var known = _before is NodeReply.ClusterStatus part ? part with { Models = part.Models.AddRange(status.Models) } : status;
                Take(known with { HasMore = false }, status.HasMore);
                break;
            case NodeReply.StoreStatus { Statistics: var store } status:
                var holders = _before is NodeReply.StoreStatus said ? said.Statistics.Holders.AddRange(store.Holders) : store.Holders;
                Take(status with { Statistics = store with { Holders = holders }, HasMore = false }, status.HasMore);
                break;
            case ModelRoute next:
                _route = next.After(_route);
                if (_route is { HasMore: false } route)
                {
                    answer.TrySetResult(route);
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

    private void Take(NodeReply reply, bool hasMore)
    {
        _before = reply;
        if (!hasMore)
        {
            answer.TrySetResult(reply);
        }
    }

    private static ImmutableArray<ModelReport> Whole(ImmutableArray<ModelReport> parts)
    {
        var whole = ImmutableArray.CreateBuilder<ModelReport>(parts.Length);
        ModelReport? coming = null;
        foreach (var part in parts)
        {
            coming = part.After(coming);
            if (coming is { HasMore: false })
            {
                whole.Add(coming);
            }
        }

        return whole.ToImmutable();
    }

    private sealed class Again
    {
        public static Again Instance { get; } = new();
    }
}
