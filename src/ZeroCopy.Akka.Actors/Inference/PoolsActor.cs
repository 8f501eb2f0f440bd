using Akka.Actor;
using Akka.Routing;
using ZeroCopy.Actors.Routing;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Actors.Stores;
using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Inference;

/// <summary>
/// Parent of the pools that are made in code, <c>/user/zerocopy/pools</c>, or of those of served models, <c>/user/zerocopy/models</c>:
/// makes their routers, and tells each pool when its router has stopped, be it that somebody stopped all of its actors. A pool whose
/// namesake has just been drained is made as soon as that one is gone.
/// </summary>
internal sealed class PoolsActor(ActorLeases leases) : UntypedActor
{
    private readonly Dictionary<string, Create> _waiting = [];
    private readonly Dictionary<IActorRef, PoolContext> _running = [];

    public static Props Props(ActorLeases leases) => Akka.Actor.Props.Create(() => new PoolsActor(leases));

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Create create when !Context.Child(create.Pool.ActorName).IsNobody():
                _waiting[create.Pool.ActorName] = create;
                break;
            case Create create:
                Start(create);
                break;
            case Terminated gone:
                if (_running.Remove(gone.ActorRef, out var ended))
                {
                    ended.Stopped.TrySetResult();
                }

                // A name is free before this message comes, and may be another pool's by now.
                var name = gone.ActorRef.Path.Name;
                if (Context.Child(name).IsNobody() && _waiting.Remove(name, out var next))
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
            var router = Context.ActorOf(RouterProps(create.Pool), create.Pool.ActorName);
            _running.Add(Context.Watch(router), create.Pool);
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

    private Props RouterProps(PoolContext pool)
    {
        var settings = pool.Settings;
        // Any crash, Kill and failed construction included, restarts the actor: the calls behind it are still wanted.
        var strategy = new OneForOneStrategy(_ => Directive.Restart);
        var resizer = settings.Resizer is { } r
            ? new DefaultResizer(
                r.MinSize, r.MaxSize, r.PressureThreshold, r.RampupRate, r.BackoffThreshold, r.BackoffRate, r.MessagesPerResize)
            : null;
        var router = pool.Router.Create(new PoolRouter.Parts(settings.Size, resizer, strategy, pool.Loads));
        return InferenceActor.Props(pool, leases).WithDispatcher(InferenceSettings.Dispatcher).WithRouter(router);
    }

    internal sealed record Create(PoolContext Pool, TaskCompletionSource<IActorRef> Router);
}
