using Akka.Actor;
using Akka.Event;
using ZeroCopy.Actors.Protocol;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store;

namespace ZeroCopy.Actors.Stores;

/// <summary>
/// The node's use of the object store, <c>/user/zerocopy/object-store</c>: translates requests, hands out handles with a lease on what they
/// stand for, and ends the leases of holders that stop, be they its requesters, actors of pools or others. Everything that touches files
/// runs off the mailbox, and no call of a model passes through it. The first request opens the store, and those that come meanwhile wait
/// for that; where it fails, so do they, and the next one opens it anew. Leases outlive a restart: they are <see cref="ActorLeases"/>'s.
/// </summary>
internal sealed class ObjectStoreActor(Func<ObjectStore> open, ActorLeases leases) : UntypedActor
{
    /// <summary>Its name below <c>/user/zerocopy</c>.</summary>
    public const string Name = "object-store";

    private readonly ILoggingAdapter _log = Context.GetLogger();
    private Task<ObjectStore>? _store;

    public static Props Props(Func<ObjectStore> open, ActorLeases leases) =>
        Akka.Actor.Props.Create(() => new ObjectStoreActor(open, leases));

    protected override void PreStart()
    {
        foreach (var holder in leases.WatchedBy(Self))
        {
            Context.Watch(holder);
        }
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case StoreRequest.Put put:
                Answer(async store => new StoreReply.Found(
                    await store.PutAsync(put.Content, put.Options, put.Progress, put.Cancellation).ConfigureAwait(false)));
                break;
            case StoreRequest.Acquire acquire:
                Answer(store => Leased(store, acquire.Model, acquire.Holder));
                break;
            case StoreRequest.AcquireNamed acquire:
                Answer(store =>
                {
                    var model = store.Resolve(acquire.Name);
                    return Leased(store, model.Id, acquire.Holder) with { Model = model };
                });
                break;
            case StoreRequest.Release release:
                Answer(store => leases.End(release.LeaseId));
                break;
            case StoreRequest.Pin pin:
                Answer(store => store.SetPinned(pin.Model, pin.Pinned));
                break;
            case StoreRequest.SetName name:
                Answer(store => new StoreReply.Named(store.SetName(name.Name, name.Model)));
                break;
            case StoreRequest.Resolve resolve:
                Answer(store => new StoreReply.Found(store.Resolve(resolve.Name)));
                break;
            case StoreRequest.RemoveName remove:
                Answer(store => store.Remove(remove.Name));
                break;
            case StoreRequest.RemoveModel remove:
                Answer(store => store.Remove(remove.Model));
                break;
            case StoreRequest.List:
                Answer(store => new StoreReply.Listed([.. store.List()]));
                break;
            case StoreRequest.Stat:
                Answer(store => new StoreReply.Counted(store.GetStatistics()));
                break;
            case ActorLeases.NewHolder added:
                Context.Watch(added.Holder);
                break;
            case Terminated gone:
                leases.EndAll(gone.ActorRef);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private StoreReply.Leased Leased(ObjectStore store, ModelId model, IActorRef holder)
    {
        var lease = store.Acquire(model, holder.Path.ToStringWithAddress());
        return new StoreReply.Leased(leases.Hold(holder, lease).Id, lease.Handle) { Lease = lease };
    }

    private void Answer(Action<ObjectStore> change) => Answer(store =>
    {
        change(store);
        return StoreReply.Done.Instance;
    });

    private void Answer(Func<ObjectStore, StoreReply> query) => Answer(store => Task.FromResult(query(store)));

    private void Answer(Func<ObjectStore, Task<StoreReply.Found>> put) =>
        Answer(async store => (StoreReply)await put(store).ConfigureAwait(false));

    private void Answer(Func<ObjectStore, Task<StoreReply>> work)
    {
        var self = Self;
        var log = _log;
        var opening = _store = _store is null or { IsFaulted: true } ? Task.Run(open) : _store;
        Task.Run(async () => await work(await opening.ConfigureAwait(false)).ConfigureAwait(false)).PipeTo(
            Sender, self, reply => reply, cause =>
            {
                var failure = Failure(cause);
                if (failure.Failure == StoreFailure.Unexpected || opening.IsFaulted)
                {
                    log.Error(cause, "A request to the object store failed");
                }

                return failure;
            });
    }

    private static StoreReply.Failed Failure(Exception cause) => new(
        cause switch
        {
            ModelNotFoundException => StoreFailure.NotFound,
            ModelInUseException => StoreFailure.InUse,
            StoreFullException => StoreFailure.Full,
            StoreUnavailableException => StoreFailure.Unavailable,
            InvalidModelException => StoreFailure.InvalidModel,
            OperationCanceledException => StoreFailure.Cancelled,
            _ => StoreFailure.Unexpected,
        },
        cause.Message);
}
