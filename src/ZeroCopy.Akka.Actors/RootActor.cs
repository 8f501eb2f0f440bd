using Akka.Actor;
using ZeroCopy.Actors.Inference;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Actors.Stores;
using ZeroCopy.Actors.Tasks;
using ZeroCopy.Store;

namespace ZeroCopy.Actors;

/// <summary><c>/user/zerocopy</c>: parent of everything here.</summary>
internal sealed class RootActor : UntypedActor
{
    public RootActor(Func<ObjectStore> open, bool owned, TaskCompletionSource<RootChildren> children)
    {
        children.SetResult(new RootChildren(
            Context.ActorOf(ObjectStoreActor.Props(open, owned), "object-store"),
            Context.ActorOf(TaskSupervisor.Props().WithDispatcher(TaskSettings.Dispatcher), "tasks"),
            Context.ActorOf(PoolsActor.Props(), "pools")));
    }

    protected override void OnReceive(object message) => Unhandled(message);
}
