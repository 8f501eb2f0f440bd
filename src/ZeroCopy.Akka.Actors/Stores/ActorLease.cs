using Akka.Actor;

namespace ZeroCopy.Actors.Stores;

/// <summary>A lease that an actor holds. Disposing it ends it before the actor does. Thread-safe.</summary>
internal sealed class ActorLease(ActorLeases owner, long id, IActorRef holder, IDisposable lease) : IDisposable
{
    /// <summary>Tells it apart from all others of the actor system.</summary>
    public long Id => id;

    public IActorRef Holder => holder;

    public void Dispose()
    {
        if (owner.TryForget(this))
        {
            lease.Dispose();
        }
    }
}
