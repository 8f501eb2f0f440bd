using Akka.Actor;
using Akka.Event;
using ZeroCopy.Actors.Endpoints;
using ZeroCopy.Actors.Inference;
using ZeroCopy.Actors.Remoting;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Actors.Stores;
using ZeroCopy.Actors.Tasks;
using ZeroCopy.Store;

namespace ZeroCopy.Actors;

/// <summary>
/// <c>/user/zerocopy</c>: parent of everything here. Where an actor that calls or leases depend on is stopped by somebody, it stops with
/// all the others, so that no call waits for nobody and no lease is left.
/// </summary>
internal sealed class RootActor : UntypedActor
{
    private readonly TaskCompletionSource _ended;

    /// <param name="open">Opens the store.</param>
    /// <param name="leases">What actors hold of it.</param>
    /// <param name="endpoints">What other processes may call.</param>
    /// <param name="remoting">How they are answered.</param>
    /// <param name="children">Gets the actors that others talk to.</param>
    /// <param name="ended">Ends when this actor and all below it have stopped.</param>
    public RootActor(
        Func<ObjectStore> open, ActorLeases leases, RemoteEndpoints endpoints, RemotingSettings remoting,
        TaskCompletionSource<RootChildren> children, TaskCompletionSource ended)
    {
        _ended = ended;
        try
        {
            Context.Watch(Context.ActorOf(LostCalls.Props(), "lost-calls"));
            Context.ActorOf(PredictActor.Props(endpoints, remoting), PredictActor.Name);
            children.TrySetResult(new RootChildren(
                Context.Watch(Context.ActorOf(ObjectStoreActor.Props(open, leases), ObjectStoreActor.Name)),
                Context.Watch(Context.ActorOf(TaskSupervisor.Props().WithDispatcher(TaskSettings.Dispatcher), "tasks")),
                Context.Watch(Context.ActorOf(PoolsActor.Props(leases), "pools")),
                Context.Watch(Context.ActorOf(PoolsActor.Props(leases), "models"))));
        }
        catch (Exception e)
        {
            // Whoever starts the extension gets the reason.
            children.TrySetException(e);
            throw;
        }
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Child child:
                child.Started.SetResult(Context.Watch(Context.ActorOf(child.Props, child.Name)));
                break;
            case Terminated gone:
                Context.GetLogger().Error(
                    "{0} was stopped, so that calls or leases would have no end: everything of ZeroCopy.Akka here stops", gone.ActorRef);
                Context.Stop(Self);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <summary>Has one more actor started here, on which everything else depends as on the others.</summary>
    internal sealed record Child(Props Props, string Name)
    {
        public TaskCompletionSource<IActorRef> Started { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    protected override void PostStop() => _ended.TrySetResult();
}
