using Akka.Actor;
using Akka.Routing;
using ZeroCopy.Actors.Routing;
using ZeroCopy.Actors.Settings;

namespace ZeroCopy.Actors.Inference;

/// <summary>
/// Parent of the pools, <c>/user/zerocopy/pools</c>: makes their routers. A pool whose namesake has just been drained is made as soon as that one is gone.
/// </summary>
internal sealed class PoolsActor : UntypedActor
{
    private readonly Dictionary<string, Create> _waiting = [];

    public static Props Props() => Akka.Actor.Props.Create<PoolsActor>();

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Create create when Context.Child(create.Pool.Name) is var namesake && !namesake.IsNobody():
                _waiting[create.Pool.Name] = create;
                Context.Watch(namesake);
                break;
            case Create create:
                Start(create);
                break;
            case Terminated gone:
                if (_waiting.Remove(gone.ActorRef.Path.Name, out var next))
                {
                    Start(next);
                }

                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private static void Start(Create create)
    {
        try
        {
            create.Router.SetResult(Context.ActorOf(RouterProps(create.Pool), create.Pool.Name));
        }
        catch (Exception e)
        {
            // The name, the settings, the dispatcher: the caller gets the reason, and the other pools live on.
            create.Router.SetException(e);
        }
    }

    private static Props RouterProps(PoolContext pool)
    {
        var settings = pool.Settings;
        // Any crash, Kill and failed construction included, restarts the actor: the calls behind it are still wanted.
        var strategy = new OneForOneStrategy(_ => Directive.Restart);
        var resizer = settings.Resizer is { } r
            ? new DefaultResizer(r.MinSize, r.MaxSize, r.PressureThreshold, r.RampupRate, r.BackoffThreshold, r.BackoffRate, r.MessagesPerResize)
            : null;
        const string RouterDispatcher = Akka.Dispatch.Dispatchers.DefaultDispatcherId;
        RouterConfig router = settings.Router switch
        {
            RoutingStrategy.SmallestMailbox => new LeastBusyPool(pool.Loads!, settings.Size, resizer, strategy, RouterDispatcher),
            RoutingStrategy.RoundRobin => new RoundRobinPool(settings.Size, resizer, strategy, RouterDispatcher),
            RoutingStrategy.ConsistentHashing => new ConsistentHashingPool(settings.Size, resizer, strategy, RouterDispatcher),
            _ => throw new ArgumentOutOfRangeException(nameof(pool), settings.Router, "Not a routing strategy."),
        };
        return InferenceActor.Props(pool).WithDispatcher(InferenceSettings.Dispatcher).WithRouter(router);
    }

    internal sealed record Create(PoolContext Pool, TaskCompletionSource<IActorRef> Router);
}
