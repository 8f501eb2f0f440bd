using Akka.Actor;
using Akka.Event;
using ZeroCopy.Actors.Calls;
using ZeroCopy.Actors.Inference;
using ZeroCopy.Actors.Remoting;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Actors.Stores;
using ZeroCopy.Actors.Tasks;
using ZeroCopy.Store;

namespace ZeroCopy.Actors;

/// <summary>
/// <c>/user/zerocopy</c>: parent of everything here. Where an actor that calls depend on is stopped by somebody, it stops with all the others, so that
/// no call waits for nobody.
/// </summary>
internal sealed class RootActor : UntypedActor
{
    private readonly TaskCompletionSource _ended;

    /// <param name="open">Opens the store.</param>
    /// <param name="find">Finds a pool.</param>
    /// <param name="children">Gets the actors that others talk to.</param>
    /// <param name="ended">Ends when this actor and all below it have stopped.</param>
    public RootActor(
        Func<ObjectStore> open, Func<string, InferencePool?> find, TaskCompletionSource<RootChildren> children, TaskCompletionSource ended)
    {
        _ended = ended;
        try
        {
            Context.Watch(Context.ActorOf(LostCalls.Props(), "lost-calls"));
            Context.ActorOf(PredictActor.Props(find), PredictActor.Name);
            children.TrySetResult(new RootChildren(
                Context.ActorOf(ObjectStoreActor.Props(open), "object-store"),
                Context.Watch(Context.ActorOf(TaskSupervisor.Props().WithDispatcher(TaskSettings.Dispatcher), "tasks")),
                Context.Watch(Context.ActorOf(PoolsActor.Props(), "pools"))));
        }
        catch (Exception e)
        {
            // A dispatcher that is configured wrongly, for one: whoever starts the extension gets the reason.
            children.TrySetException(e);
            throw;
        }
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Terminated gone:
                Context.GetLogger().Error("{0} was stopped, so that no call can be served any more: everything of ZeroCopy.Akka here stops", gone.ActorRef);
                Context.Stop(Self);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    protected override void PostStop() => _ended.TrySetResult();
}
