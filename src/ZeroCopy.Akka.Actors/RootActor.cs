using Akka.Actor;
using ZeroCopy.Actors.Calls;
using ZeroCopy.Actors.Inference;
using ZeroCopy.Actors.Remoting;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Actors.Stores;
using ZeroCopy.Actors.Tasks;
using ZeroCopy.Store;

namespace ZeroCopy.Actors;

/// <summary><c>/user/zerocopy</c>: parent of everything here.</summary>
internal sealed class RootActor : UntypedActor
{
    public RootActor(Func<ObjectStore> open, Func<string, InferencePool?> find, TaskCompletionSource<RootChildren> children)
    {
        try
        {
            Context.ActorOf(LostCalls.Props(), "lost-calls");
            Context.ActorOf(PredictActor.Props(find), PredictActor.Name);
            children.TrySetResult(new RootChildren(
                Context.ActorOf(ObjectStoreActor.Props(open), "object-store"),
                Context.ActorOf(TaskSupervisor.Props().WithDispatcher(TaskSettings.Dispatcher), "tasks"),
                Context.ActorOf(PoolsActor.Props(), "pools")));
        }
        catch (Exception e)
        {
            // A dispatcher that is configured wrongly, for one: whoever starts the extension gets the reason.
            children.TrySetException(e);
            throw;
        }
    }

    protected override void OnReceive(object message) => Unhandled(message);
}
