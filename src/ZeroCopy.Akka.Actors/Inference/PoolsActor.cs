using Akka.Actor;
using Akka.Routing;
using ZeroCopy.Actors.Routing;
using ZeroCopy.Actors.Settings;

namespace ZeroCopy.Actors.Inference;

/// <summary>Parent of the pools, <c>/user/zerocopy/pools</c>: makes their routers.</summary>
internal sealed class PoolsActor : UntypedActor
{
    public static Props Props() => Akka.Actor.Props.Create<PoolsActor>();

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Create create:
                try
                {
                    create.Router.SetResult(Context.ActorOf(RouterProps(create.Pool), create.Pool.Name));
                }
                catch (Exception e)
                {
                    // The name, the settings, the dispatcher: the caller gets the reason, and the other pools live on.
                    create.Router.SetException(e);
                }

                break;
            default:
                Unhandled(message);
                break;
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
            RoutingStrategy.SmallestMailbox => new LeastBusyPool(settings.Size, resizer, strategy, RouterDispatcher),
            RoutingStrategy.RoundRobin => new RoundRobinPool(settings.Size, resizer, strategy, RouterDispatcher),
            RoutingStrategy.ConsistentHashing => new ConsistentHashingPool(settings.Size, resizer, strategy, RouterDispatcher),
            _ => throw new ArgumentOutOfRangeException(nameof(pool), settings.Router, "Not a routing strategy."),
        };
        return InferenceActor.Props(pool).WithDispatcher(InferenceSettings.Dispatcher).WithRouter(router);
    }

    internal sealed record Create(PoolContext Pool, TaskCompletionSource<IActorRef> Router);
}
