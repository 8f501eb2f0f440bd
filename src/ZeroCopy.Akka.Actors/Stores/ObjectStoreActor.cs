using Akka.Actor;
using Akka.Event;
using ZeroCopy.Actors.Protocol;
using ZeroCopy.Errors;
using ZeroCopy.Store;

namespace ZeroCopy.Actors.Stores;

/// <summary>
/// The object store as an actor: translates requests, keeps the leases of actors and ends those of holders that stop. Everything that
/// touches files runs off the mailbox.
/// </summary>
/// <remarks>
/// <code>
///              first request           opened
///   Closed ───────────────► Opening ───────────► Open
///     ▲                        │ failed (waiting requests fail)
///     └────────────────────────┘
/// </code>
/// </remarks>
internal sealed class ObjectStoreActor(Func<ObjectStore> open) : UntypedActor, IWithUnboundedStash
{
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly LeaseLedger _leases = new();
    private ObjectStore? _store;

    public IStash Stash { get; set; } = null!;

    public static Props Props(Func<ObjectStore> open) => Akka.Actor.Props.Create(() => new ObjectStoreActor(open));

    protected override void OnReceive(object message) => Closed(message);

    protected override void PostStop() => _leases.Clear();

    private void Closed(object message)
    {
        if (message is not StoreRequest)
        {
            BeforeRestart(message);
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
                BeforeRestart(message);
                break;
        }
    }

    /// <summary>Fails the requests that waited; unstashing puts them before the end mark, so that a later request opens the store anew.</summary>
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
                BeforeRestart(message);
                break;
        }
    }

    /// <summary>What an earlier life of this actor asked for, and its leases are gone with it.</summary>
    private void BeforeRestart(object message)
    {
        switch (message)
        {
            case Acquired late:
                late.Lease.Dispose();
                late.Requester.Tell(new StoreReply.Failed(StoreFailure.Unexpected, "The object store's actor restarted meanwhile; acquire again."));
                break;
            case AcquireFailed failed:
                failed.Requester.Tell(Failure(failed.Cause));
                break;
            case Terminated:
                // A holder whose leases ended with the restart; unhandled it would crash this actor once more.
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
                var requester = Sender;
                var self = Self;
                Task.Run(() => store.Acquire(acquire.Model, acquire.Holder.Path.ToStringWithAddress()))
                    .PipeTo(self, self, lease => new Acquired(lease, acquire.Holder, requester), cause => new AcquireFailed(cause, requester));
                break;
            case Acquired acquired:
                Lease(acquired);
                break;
            case AcquireFailed failed:
                failed.Requester.Tell(Failure(failed.Cause));
                break;
            case StoreRequest.Release release:
                if (_leases.Release(release.LeaseId) is { } idle)
                {
                    Context.Unwatch(idle);
                }

                Sender.Tell(StoreReply.Done.Instance);
                break;
            case Terminated terminated:
                _leases.ReleaseAll(terminated.ActorRef);
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
                Unhandled(message);
                break;
        }
    }

    private void Lease(Acquired acquired)
    {
        var (id, first) = _leases.Add(acquired.Holder, acquired.Lease);
        if (first)
        {
            // A holder that stopped meanwhile is reported at once.
            Context.Watch(acquired.Holder);
        }

        acquired.Requester.Tell(new StoreReply.Leased(id, acquired.Lease));
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

    private sealed record Acquired(ModelLease Lease, IActorRef Holder, IActorRef Requester);

    private sealed record AcquireFailed(Exception Cause, IActorRef Requester);

    private sealed record Refused
    {
        public static readonly Refused Instance = new();
    }
}
