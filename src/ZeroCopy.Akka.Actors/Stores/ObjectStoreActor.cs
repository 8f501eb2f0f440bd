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
/// runs off the mailbox, and no call of a model passes through it. Leases outlive a restart: they are <see cref="ActorLeases"/>'s.
/// </summary>
/// <remarks>
/// <code>
///              first request           opened
///   Closed ───────────────► Opening ───────────► Open
///     ▲                        │ failed (waiting requests fail)
///     └────────────────────────┘
/// </code>
/// </remarks>
internal sealed class ObjectStoreActor(Func<ObjectStore> open, ActorLeases leases) : UntypedActor, IWithUnboundedStash
{
    /// <summary>Its name below <c>/user/zerocopy</c>.</summary>
    public const string Name = "object-store";

    private readonly ILoggingAdapter _log = Context.GetLogger();
    private ObjectStore? _store;

    public IStash Stash { get; set; } = null!;

    public static Props Props(Func<ObjectStore> open, ActorLeases leases) =>
        Akka.Actor.Props.Create(() => new ObjectStoreActor(open, leases));

    protected override void PreStart()
    {
        foreach (var holder in leases.WatchedBy(Self))
        {
            Context.Watch(holder);
        }
    }

    protected override void OnReceive(object message) => Closed(message);

    private void Closed(object message)
    {
        if (message is not StoreRequest)
        {
            Always(message);
            return;
        }

        Stash.Stash();
        var self = Self;
        var opening = Task.Run(open);
        opening.PipeTo(self, self, store => new Opened(store), cause => new OpenFailed(cause));
        Become(Opening);
    }

    private void Opening(object message)
    {
        switch (message)
        {
            case StoreRequest:
                Stash.Stash();
                break;
            case Opened opened:
                _store = opened.Store;
                Become(Open);
                Stash.UnstashAll();
                break;
            case OpenFailed failed:
                _log.Error(failed.Cause, "The object store cannot be opened");
                Become(m => Refusing(m, failed.Cause));
                Self.Tell(Refused.Instance);
                Stash.UnstashAll();
                break;
            default:
                Always(message);
                break;
        }
    }

    /// <summary>
    /// Fails the requests that waited; unstashing puts them before the end mark, so that a later request opens the store anew.
    /// </summary>
    private void Refusing(object message, Exception cause)
    {
        switch (message)
        {
            case StoreRequest:
                Sender.Tell(Failure(cause));
                break;
            case Refused:
                Become(Closed);
                break;
            default:
                Always(message);
                break;
        }
    }

    /// <summary>What does not need the store, in every state.</summary>
    private void Always(object message)
    {
        switch (message)
        {
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

    private void Open(object message)
    {
        var store = _store!;
        switch (message)
        {
            case StoreRequest.Put put:
                Answer(async () => new StoreReply.Found(
                    await store.PutAsync(put.Content, put.Options, put.Progress, put.Cancellation).ConfigureAwait(false)));
                break;
            case StoreRequest.Acquire acquire:
                Answer(() => Leased(store, acquire.Model, acquire.Holder));
                break;
            case StoreRequest.AcquireNamed acquire:
                Answer(() =>
                {
                    var model = store.Resolve(acquire.Name);
                    return Leased(store, model.Id, acquire.Holder) with { Model = model };
                });
                break;
            case StoreRequest.Release release:
                Answer(() => leases.End(release.LeaseId));
                break;
            case StoreRequest.Pin pin:
                Answer(() => store.SetPinned(pin.Model, pin.Pinned));
                break;
            case StoreRequest.SetName name:
                Answer(() => new StoreReply.Named(store.SetName(name.Name, name.Model)));
                break;
            case StoreRequest.Resolve resolve:
                Answer(() => new StoreReply.Found(store.Resolve(resolve.Name)));
                break;
            case StoreRequest.RemoveName remove:
                Answer(() => store.Remove(remove.Name));
                break;
            case StoreRequest.RemoveModel remove:
                Answer(() => store.Remove(remove.Model));
                break;
            case StoreRequest.List:
                Answer(() => new StoreReply.Listed([.. store.List()]));
                break;
            case StoreRequest.Stat:
                Answer(() => new StoreReply.Counted(store.GetStatistics()));
                break;
            default:
                Always(message);
                break;
        }
    }

    private StoreReply.Leased Leased(ObjectStore store, ModelId model, IActorRef holder)
    {
        var lease = store.Acquire(model, holder.Path.ToStringWithAddress());
        return new StoreReply.Leased(leases.Hold(holder, lease).Id, lease.Handle) { Lease = lease };
    }

    private void Answer(Action change) => Answer(() =>
    {
        change();
        return StoreReply.Done.Instance;
    });

    private void Answer(Func<StoreReply> query) => Answer(() => Task.FromResult(query()));

    private void Answer(Func<Task<StoreReply.Found>> put) => Answer(async () => (StoreReply)await put().ConfigureAwait(false));

    private void Answer(Func<Task<StoreReply>> work)
    {
        var self = Self;
        var log = _log;
        Task.Run(work).PipeTo(Sender, self, reply => reply, cause =>
        {
            var failure = Failure(cause);
            if (failure.Failure == StoreFailure.Unexpected)
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

    private sealed record Opened(ObjectStore Store);

    private sealed record OpenFailed(Exception Cause);

    private sealed record Refused
    {
        public static readonly Refused Instance = new();
    }
}
