using System.Collections.Immutable;
using Akka.Actor;
using Akka.Remote;
using ZeroCopy.Clocks;
using ZeroCopy.Clustering.Catalog;
using ZeroCopy.Clustering.Protocol;

namespace ZeroCopy.Clustering.Clients;

/// <summary>
/// Keeps a client in contact with one node of the cluster: the first that answers, and passes requests on; when that one stops or its
/// connection is closed, the next that does.
/// </summary>
internal sealed class ContactActor(ImmutableArray<Address> contacts, TimeSpan patience, ContactLink link) : UntypedActor, IWithTimers
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private IActorRef? _node;

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(ImmutableArray<Address> contacts, TimeSpan patience, ContactLink link) =>
        Akka.Actor.Props.Create(() => new ContactActor(contacts, patience, link));

    protected override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(DisassociatedEvent));
        Search();
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case NodeReply.Holdings:
                if (_node is null)
                {
                    Timers.CancelAll();
                    _node = Context.Watch(Sender);
                    link.OnFound(_node);
                }

                break;
            case NodeReply.Failed:
                // It is no member yet, or not any more.
                break;
            case Terminated gone:
                OnLost(gone.ActorRef);
                break;
            case DisassociatedEvent closed:
                if (closed.RemoteAddress == _node?.Path.Address)
                {
                    OnLost(Context.Unwatch(_node));
                }

                break;
            case Local.Look:
                Look();
                break;
            case Local.Late:
                link.OnSilence();
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    protected override void PostStop() => link.OnStopped();

    private void OnLost(IActorRef node)
    {
        if (node.Equals(_node))
        {
            _node = null;
            link.OnLost();
            Search();
        }
    }

    private void Search()
    {
        Timers.StartPeriodicTimer(Local.Look, Local.Look, TimeSpan.Zero, Pause);
        if (Durations.OrNone(Durations.TimerOf(patience)) is { } limit)
        {
            Timers.StartSingleTimer(Local.Late, Local.Late, limit);
        }
    }

    private void Look()
    {
        foreach (var contact in contacts)
        {
            NodePath.At(Context.System, contact).Tell(new NodeQuery.Holdings(0, AsContact: true), Self);
        }
    }

    private enum Local
    {
        Look,
        Late,
    }
}
