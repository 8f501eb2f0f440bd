using Akka.Actor;
using Akka.Routing;
using ZeroCopy.Actors.Routing;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Inference;

/// <summary>
/// Parent of the pools, <c>/user/zerocopy/pools</c>: makes their routers, and tells each pool when its router has stopped, be it that somebody stopped
/// all of its actors. A pool whose namesake has just been drained is made as soon as that one is gone.
/// </summary>
internal sealed class PoolsActor : UntypedActor
{
    private readonly Dictionary<string, Create> _waiting = [];
    private readonly Dictionary<string, PoolContext> _running = [];

    public static Props Props() => Akka.Actor.Props.Create<PoolsActor>();

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Create create when !Context.Child(create.Pool.Name).IsNobody():
                _waiting[create.Pool.Name] = create;
                break;
            case Create create:
                Start(create);
                break;
            case Terminated gone:
                var name = gone.ActorRef.Path.Name;
                if (_running.Remove(name, out var ended))
                {
                    ended.Stopped.TrySetResult();
                }

                if (_waiting.Remove(name, out var next))
                {
                    Start(next);
                }

                break;
            default:
                Unhandled(message);
                break;
        }
    }

    protected override void PostStop()
    {
        // The routers have stopped before.
        foreach (var pool in _running.Values)
        {
            pool.Stopped.TrySetResult();
        }

        foreach (var create in _waiting.Values)
        {
            create.Router.TrySetException(Ended(create.Pool.Name));
        }
    }

    /// <summary>Why a pool cannot be made any more.</summary>
    public static InferenceException Ended(string pool) =>
        new(InferenceFailure.ShuttingDown, $"Pool {pool} cannot start: /user/zerocopy of this actor system has stopped.");

    private void Start(Create create)
    {
        try
        {
            var router = Context.ActorOf(RouterProps(create.Pool), create.Pool.Name);
            _running[create.Pool.Name] = create.Pool;
            Context.Watch(router);
            // A router that resizes outlives its last actor, and drops what it is given then.
            create.Pool.Readiness.OnLastStopped(() => router.Tell(PoisonPill.Instance, ActorRefs.NoSender));
            create.Router.SetResult(router);
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
